(** SGD on a scale-invariant loss with a random energy: the sequence of random weights w' = (1 - p) w - eta g with
    <g,w> = 0 and |g|^2 |w|^2 = z, whatever the law of z given the whole past, E[z | past] = L, Var(z | past) <= V,
    z >= l > 0. The squared norm x obeys x' = a x + eta^2 z / x, a = (1 - p)^2. *)
From Coq Require Import Reals Lra Lia Psatz List.
From SphericalMotion Require Import Vectors Expectation.
Import ListNotations.
Open Scope R_scope.

Lemma noise_accumulates (N q c : R) : q < 1 -> N * ((1 - q * c)/(1 - q)) = q * (N * ((1 - c)/(1 - q))) + N.
Proof. intros. field. lra. Qed.

Section Run.
Context {O : Type}.
Variables (law : list O -> list (R * O)) (n : nat) (eta lam L l V : R) (w : list O -> vec) (g : list O -> O -> vec).
Definition noisy (h : list O) (o : O) := dot n (g h o) (g h o) * dot n (w h) (w h).
Definition noisy_run :=
  (forall h, possible law h -> isprob (law h)) /\
  (forall h o, w (o :: h) = lin (1 - eta*lam) (w h) (- eta) (g h o)) /\
  (forall h p o, possible law h -> In (p, o) (law h) -> dot n (g h o) (w h) = 0 /\ l <= noisy h o) /\
  (forall h, possible law h -> Ex (law h) (noisy h) = L /\ Ex (law h) (fun o => (noisy h o - L)^2) <= V).
Let x (h : list O) := dot n (w h) (w h).
Let a := (1 - eta*lam)^2.
Hypothesis Run : noisy_run.
Hypothesis Heta : 0 < eta.
Hypothesis Hl : 0 < l.
Hypothesis HV : 0 <= V.
Hypothesis Ha : 1/2 <= a < 1.
Hypothesis H0 : 0 < x [].

Lemma norm_of_a_step h p o : possible law h -> In (p, o) (law h) -> 0 < x h ->
  x (o :: h) = a * x h + eta^2 * noisy h o / x h.
Proof.
  intros Hh Ho Hx. destruct Run as [_ [Hw [Hs _]]]. destruct (Hs h p o Hh Ho) as [Hg _].
  unfold x at 1. rewrite Hw. repeat rewrite ?dot_lin_l, ?dot_lin_r. rewrite (dot_sym n (w h) (g h o)), Hg.
  unfold noisy, a. fold (x h). field. lra.
Qed.
Lemma norm_stays_positive : forall h, possible law h -> 0 < x h.
Proof.
  induction 1 as [|p o h Hh IH Ho]; [exact H0|]. rewrite (norm_of_a_step h p o Hh Ho IH).
  destruct Run as [_ [_ [Hs _]]]. destruct (Hs h p o Hh Ho) as [_ Hb].
  assert (0 < a * x h) by (apply Rmult_lt_0_compat; lra).
  assert (0 < eta^2 * noisy h o / x h) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; [apply pow_lt|]|]; lra). lra.
Qed.

Variable xs : R.
Hypothesis Hxs : 0 < xs.
Hypothesis Hrest : (1 - a) * xs^2 = eta^2 * L.
(** One step from any possible past: the exact mean square, then its contraction above a floor. *)
Theorem one_step_exact : forall h, possible law h ->
  Ex (law h) (fun o => (x (o :: h) - xs)^2) =
  (x h - xs)^2 * (a - (1-a)*xs/x h)^2 + eta^4 * Ex (law h) (fun o => (noisy h o - L)^2) / (x h)^2.
Proof.
  intros h Hh. pose proof (norm_stays_positive h Hh) as Hx. destruct Run as [Hp [_ [_ Hz]]]. destruct (Hz h Hh) as [Hm _].
  assert (HL : L = (1-a) * xs^2 / eta^2) by (rewrite Hrest; field; lra).
  set (d := a * x h + eta^2 * L / x h - xs).
  rewrite (Ex_ext (law h) _ (fun o => 1 * (eta^4 / (x h)^2 * (noisy h o - L)^2 + (d^2 - 2*d*eta^2/x h * L)) + 2*d*eta^2/x h * noisy h o)).
  - rewrite (Ex_lin (law h) 1 (fun o => eta^4 / (x h)^2 * (noisy h o - L)^2 + (d^2 - 2*d*eta^2/x h * L)) _ (noisy h)).
    rewrite (Ex_affine (law h) _ (fun o => (noisy h o - L)^2) _ (Hp h Hh)), Hm.
    assert (Ed : d = (x h - xs) * (a - (1-a)*xs/x h)) by (unfold d; rewrite HL; field; lra).
    replace ((x h - xs)^2 * (a - (1-a)*xs/x h)^2) with (d^2) by (rewrite Ed; ring). field. lra.
  - intros p o Ho. rewrite (norm_of_a_step h p o Hh Ho Hx). unfold d. field. lra.
Qed.
Variable xm : R.
Hypothesis Hxm : 0 < xm.
Hypothesis Hslope : (1-a)*xs <= 2*a*xm.
Theorem one_step_contraction : forall h, possible law h -> xm <= x h ->
  Ex (law h) (fun o => (x (o :: h) - xs)^2) <= a^2 * (x h - xs)^2 + eta^4 * V / xm^2.
Proof.
  intros h Hh Hx. rewrite one_step_exact by exact Hh. destruct Run as [_ [_ [_ Hz]]]. destruct (Hz h Hh) as [_ Hv].
  apply Rplus_le_compat.
  - rewrite Rmult_comm. apply Rmult_le_compat_r; [apply pow2_ge_0|].
    set (k := (1-a)*xs/x h). assert (Ek : k * x h = (1-a)*xs) by (unfold k; field; lra).
    assert (0 < k) by (unfold k; apply Rdiv_lt_0_compat; nra).
    assert (k <= 2*a) by (apply Rmult_le_reg_r with (x h); [lra|]; rewrite Ek; nra). nra.
  - assert (0 < eta^4) by (apply pow_lt; lra).
    apply Rle_trans with (eta^4 * V * / (x h)^2).
    + apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, pow_lt; lra|]. apply Rmult_le_compat_l; lra.
    + apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|]. apply Rinv_le_contravar; [apply pow_lt; lra|]. apply pow_incr. lra.
Qed.
(** From step k on above the floor: geometric fall to the noise's part. *)
Theorem mean_square : forall k, (forall h, possible law h -> (k <= length h)%nat -> xm <= x h) ->
  forall T, E law (T + k) (fun h => (x h - xs)^2) <=
    (a^2)^T * E law k (fun h => (x h - xs)^2) + eta^4 * V / xm^2 * ((1 - (a^2)^T) / (1 - a^2)).
Proof.
  intros k Hk. pose proof Run as [Hp _]. assert (Haa : 0 <= a^2 < 1) by nra. set (N := eta^4 * V / xm^2).
  induction T as [|T IH].
  - simpl Nat.add. rewrite !pow_O. replace (1 - 1) with 0 by ring. unfold Rdiv. lra.
  - cbn [E Nat.add]. eapply Rle_trans.
    + apply (E_le law Hp (T + k) _ (fun h => a^2 * (x h - xs)^2 + N)).
      intros h Hh Hlen. apply one_step_contraction; [exact Hh | apply Hk; [exact Hh | lia]].
    + rewrite (E_affine law Hp). assert (M := Rmult_le_compat_l (a^2) _ _ (proj1 Haa) IH).
      change ((a^2)^S T) with (a^2 * (a^2)^T). set (c := (a^2)^T) in *.
      rewrite (noise_accumulates N (a^2) c (proj2 Haa)). lra.
Qed.
End Run.

(** ** From above the floor xl = sqrt(eta^2 l/(1-a)), which no step leaves *)
Theorem sgd_mean_square : forall (O : Type) (law : list O -> list (R * O)) n eta lam L l V w (g : list O -> O -> vec),
  noisy_run law n eta lam L l V w g -> 0 < eta -> 0 < lam -> 0 < l -> 0 <= V -> eta*lam < 1 ->
  let a := (1 - eta*lam)^2 in let xs := sqrt (eta*L/(lam*(2 - eta*lam))) in let xl := sqrt (eta*l/(lam*(2 - eta*lam))) in
  1/2 <= a -> 0 < L -> (1-a)*xs <= 2*a*xl -> xl <= dot n (w []) (w []) ->
  forall T, E law T (fun h => (dot n (w h) (w h) - xs)^2) <=
    (a^2)^T * (dot n (w []) (w []) - xs)^2 + eta^2*V/(l*(1+a)) * (1 - (a^2)^T).
Proof.
  intros O law n eta lam L l V w g Run He Hlam Hl HV Hp a xs xl Ha HL Hsl Hx0 T.
  assert (P : 0 < eta*lam) by (apply Rmult_lt_0_compat; assumption).
  assert (Ea : 1 - a = eta*lam*(2 - eta*lam)) by (unfold a; ring). assert (Q : 0 < eta*lam*(2 - eta*lam)) by nra.
  assert (S : forall y, 0 < y -> 0 < sqrt (eta*y/(lam*(2 - eta*lam))) /\ (1-a) * sqrt (eta*y/(lam*(2 - eta*lam)))^2 = eta^2*y).
  { intros y Hy. assert (F : 0 < eta*y/(lam*(2 - eta*lam))) by (apply Rdiv_lt_0_compat; apply Rmult_lt_0_compat; lra).
    split; [apply sqrt_lt_R0, F|]. rewrite pow2_sqrt by lra. rewrite Ea. field. lra. }
  destruct (S L HL) as [Sx Ex]. destruct (S l Hl) as [Sl El]. fold xs in Sx, Ex. fold xl in Sl, El.
  assert (H0 : 0 < dot n (w []) (w [])) by lra. assert (Ha' : 1/2 <= a < 1) by lra.
  assert (Inv : forall h, possible law h -> (0 <= length h)%nat -> xl <= dot n (w h) (w h)).
  { intros h Hh _. induction Hh as [|p o h Hh IH Ho]; [exact Hx0|].
    set (y := dot n (w h) (w h)) in *. assert (Hy : 0 < y) by lra.
    rewrite (norm_of_a_step law n eta lam L l V w g Run h p o Hh Ho Hy). fold a. fold y.
    destruct Run as [_ [_ [Hs _]]]. destruct (Hs h p o Hh Ho) as [_ Hb].
    apply Rle_trans with (a*y + eta^2*l/y).
    - rewrite <- El. assert (E1 : a*y + (1-a)*xl^2/y - xl = (y - xl)*(a - (1-a)*xl/y)) by (field; lra).
      assert (K : (1-a)*xl/y <= 1-a).
      { unfold Rdiv. rewrite Rmult_assoc. rewrite <- (Rmult_1_r (1-a)) at 2. apply Rmult_le_compat_l; [lra|].
        apply Rmult_le_reg_r with y; [lra|]. rewrite Rmult_assoc, Rinv_l by lra. lra. }
      assert (0 <= (y - xl)*(a - (1-a)*xl/y)) by (apply Rmult_le_pos; lra). lra.
    - apply Rplus_le_compat_l. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra|].
      apply Rmult_le_compat_l; [apply pow2_ge_0 | exact Hb]. }
  pose proof (mean_square law n eta lam L l V w g Run He Hl HV Ha' H0 xs Sx Ex xl Sl Hsl 0 Inv T) as M.
  rewrite Nat.add_0_r in M. simpl E at 2 in M. fold a in M.
  replace (eta^2*V/(l*(1+a)) * (1 - (a^2)^T)) with (eta^4*V/xl^2 * ((1 - (a^2)^T)/(1 - a^2))); [exact M|].
  assert (Q2 : xl^2 = eta^2*l/(1-a)) by (rewrite <- El; field; lra). rewrite Q2. field. repeat split; try lra; nra.
Qed.

(** ** From any start: one step leads above 2 sqrt(a eta^2 l) *)
Theorem floor_after_one_step : forall a bl x z, 0 < a < 1 -> 0 < bl -> 0 < x -> bl <= z ->
  forall xm, 0 < xm -> xm*xm = 4*a*bl -> xm <= a*x+z/x.
Proof.
  intros a bl x z Ha Hbl Hx Hz xm Hxm Hq.
  assert (0 < z/x) by (apply Rdiv_lt_0_compat; lra). assert (0 < a*x) by (apply Rmult_lt_0_compat; lra).
  assert (E : (a*x)*(z/x) = a*z) by (field; lra).
  apply Rsqr_incr_0; try lra. unfold Rsqr. rewrite Hq.
  assert (a*bl <= a*z) by (apply Rmult_le_compat_l; lra).
  pose proof (Rle_0_sqr (a*x - z/x)). unfold Rsqr in *. lra.
Qed.
Theorem sgd_mean_square_any_start : forall (O : Type) (law : list O -> list (R * O)) n eta lam L l V w (g : list O -> O -> vec),
  noisy_run law n eta lam L l V w g -> 0 < eta -> 0 < lam -> 0 < l -> 0 <= V -> eta*lam < 1 ->
  let a := (1 - eta*lam)^2 in let xs := sqrt (eta*L/(lam*(2 - eta*lam))) in
  1/2 <= a -> 0 < L -> (1-a)*L <= 16*a^3*l -> let x0 := dot n (w []) (w []) in 0 < x0 ->
  forall T, E law (S T) (fun h => (dot n (w h) (w h) - xs)^2) <=
    (a^2)^T * ((x0 - xs)^2*(a - (1-a)*xs/x0)^2 + eta^4*V/x0^2) + eta^2*V/(4*a*l) * ((1 - (a^2)^T)/(1 - a^2)).
Proof.
  intros O law n eta lam L l V w g Run He Hlam Hl HV Hp a xs Ha HL Hsl x0 Hx0 T.
  assert (P : 0 < eta*lam) by (apply Rmult_lt_0_compat; assumption).
  assert (Ea : 1 - a = eta*lam*(2 - eta*lam)) by (unfold a; ring). assert (Q : 0 < eta*lam*(2 - eta*lam)) by nra.
  assert (F : 0 < eta*L/(lam*(2 - eta*lam))) by (apply Rdiv_lt_0_compat; apply Rmult_lt_0_compat; lra).
  assert (Sx : 0 < xs) by apply sqrt_lt_R0, F.
  assert (Ex2 : (1-a) * xs^2 = eta^2*L) by (unfold xs; rewrite pow2_sqrt by lra; rewrite Ea; field; lra).
  assert (Ha' : 1/2 <= a < 1) by lra.
  assert (He2 : 0 < eta^2) by (apply pow_lt; lra). assert (Hel : 0 < eta^2*l) by (apply Rmult_lt_0_compat; lra).
  set (xm := sqrt (4*a*(eta^2*l))).
  assert (Hq : 0 < 4*a*(eta^2*l)) by (apply Rmult_lt_0_compat; lra).
  assert (Hxm : 0 < xm) by apply sqrt_lt_R0, Hq. assert (Exm : xm*xm = 4*a*(eta^2*l)) by (apply sqrt_sqrt; lra). clearbody xm.
  assert (Hslope : (1-a)*xs <= 2*a*xm).
  { apply Rsqr_incr_0; [|apply Rmult_le_pos; lra|apply Rmult_le_pos; lra]. unfold Rsqr.
    replace ((1-a)*xs*((1-a)*xs)) with ((1-a)*((1-a)*xs^2)) by ring. rewrite Ex2.
    replace (2*a*xm*(2*a*xm)) with (4*a^2*(xm*xm)) by ring. rewrite Exm.
    replace ((1-a)*(eta^2*L)) with (eta^2*((1-a)*L)) by ring.
    replace (4*a^2*(4*a*(eta^2*l))) with (eta^2*(16*a^3*l)) by ring. apply Rmult_le_compat_l; lra. }
  assert (Inv : forall h, possible law h -> (1 <= length h)%nat -> xm <= dot n (w h) (w h)).
  { intros h Hh Hlen. destruct Hh as [|p o h Hh Ho]; [simpl in Hlen; lia|].
    pose proof (norm_stays_positive law n eta lam L l V w g Run He Hl Ha' Hx0 h Hh) as Hy.
    rewrite (norm_of_a_step law n eta lam L l V w g Run h p o Hh Ho Hy). fold a.
    destruct Run as [_ [_ [Hs _]]]. destruct (Hs h p o Hh Ho) as [_ Hb].
    apply (floor_after_one_step a (eta^2*l)); try assumption; try lra. apply Rmult_le_compat_l; lra. }
  pose proof (mean_square law n eta lam L l V w g Run He Hl HV Ha' Hx0 xs Sx Ex2 xm Hxm Hslope 1 Inv T) as M.
  rewrite Nat.add_1_r in M. fold a in M.
  assert (Haa : 0 < 1 - a^2) by nra.
  assert (Q2 : eta^4*V/xm^2 = eta^2*V/(4*a*l)) by (replace (xm^2) with (xm*xm) by ring; rewrite Exm; field; repeat split; lra).
  rewrite Q2 in M. eapply Rle_trans; [exact M|]. apply Rplus_le_compat_r. apply Rmult_le_compat_l; [apply pow_le; nra|].
  change (E law 1 (fun h => (dot n (w h) (w h) - xs)^2)) with (Ex (law []) (fun o => (dot n (w [o]) (w [o]) - xs)^2)).
  rewrite (one_step_exact law n eta lam L l V w g Run He Hl Ha' Hx0 xs Ex2 [] (at_start law)). fold a. fold x0.
  apply Rplus_le_compat_l. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, pow_lt; exact Hx0|].
  apply Rmult_le_compat_l; [apply pow_le; lra|]. destruct Run as [_ [_ [_ Hz]]]. apply (Hz [] (at_start law)).
Qed.

(** ** The literal one-step inequality with rate 1 - 4 eta lam is false for every noise constant K *)
Theorem one_step_rate_above_fails : forall p xs K, 0 < p < 1/4 -> 0 < xs ->
  let a := (1-p)^2 in exists x, xs <= x /\
  (1-4*p)*((x-xs)*(x-xs)) + K < (x-xs)*(x-xs)*((a-(1-a)*xs/x)*(a-(1-a)*xs/x)).
Proof.
  intros p xs K Hp Hxs a.
  set (Y := Rmax 1 (Rabs K / (p*p*xs*xs) + 3/(p*p))).
  assert (Hpp : 0 < p*p) by nra.
  assert (HY1 : 1 <= Y) by apply Rmax_l.
  assert (HY2 : Rabs K/(p*p*xs*xs) + 3/(p*p) <= Y) by apply Rmax_r.
  assert (HYK : 0 <= Rabs K/(p*p*xs*xs)). { apply Rmult_le_pos; [apply Rabs_pos|]. left; apply Rinv_0_lt_compat. repeat apply Rmult_lt_0_compat; lra. }
  assert (HY3 : 3/(p*p) <= Y) by lra.
  exists ((1+Y)*xs). split; [nra|].
  replace ((1+Y)*xs - xs) with (Y*xs) by ring.
  replace ((1-a)*xs/((1+Y)*xs)) with ((1-a)/(1+Y)) by (field; lra).
  set (s := (1-a)/(1+Y)).
  assert (Ea : a = 1-2*p+p*p) by (unfold a; ring).
  assert (Hs : 0 < s <= 2*p*(p*p)/3).
  { unfold s. split; [apply Rdiv_lt_0_compat; nra|]. unfold Rdiv at 1.
    apply Rle_trans with ((1-a)*(p*p/3)).
    - apply Rmult_le_compat_l; [nra|]. replace (p*p/3) with (/(3/(p*p))) by (field; lra).
      apply Rinv_le_contravar; [apply Rdiv_lt_0_compat; lra | lra].
    - rewrite Ea. nra. }
  assert (S1 : (a-s)*(a-s) >= 1-4*p + 2*(p*p)).
  { rewrite Ea. nra. }
  assert (HK : K < 2*(p*p)*(Y*xs*(Y*xs))).
  { assert (Rabs K <= Y*(p*p*xs*xs)).
    { assert (Rabs K/(p*p*xs*xs) <= Y) by (assert (0 < 3/(p*p)) by (apply Rdiv_lt_0_compat; lra); lra).
      replace (Rabs K) with (Rabs K/(p*p*xs*xs)*(p*p*xs*xs)) by (field; lra).
      apply Rmult_le_compat_r; [|assumption]. left. repeat apply Rmult_lt_0_compat; lra. }
    pose proof (Rle_abs K). assert (0 < p*p*xs*xs) by (repeat apply Rmult_lt_0_compat; lra).
    replace (2*(p*p)*(Y*xs*(Y*xs))) with (2*(Y*Y)*(p*p*xs*xs)) by ring. nra. }
  assert (0 < Y*xs*(Y*xs)) by (assert (0 < Y*xs) by nra; nra). nra.
Qed.
