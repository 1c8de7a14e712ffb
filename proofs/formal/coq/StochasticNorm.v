(** SGD's squared norm under noise: x' = a x + z/x with finite support and any law given the past,
    E[z | past] = b, Var(z | past) <= s2, z >= bl > 0. *)
From Coq Require Import Reals Lra Psatz List.
Import ListNotations.
Open Scope R_scope.

(** finite distributions: list of (probability, value) *)
Definition dist := list (R * R).
Fixpoint Ex (d : dist) (phi : R -> R) : R :=
  match d with [] => 0 | (w,z)::d' => w * phi z + Ex d' phi end.
Record isprob (d : dist) : Prop := {
  wpos : forall w z, In (w,z) d -> 0 <= w;
  wsum : Ex d (fun _ => 1) = 1 }.
Lemma Ex_ext_le : forall d phi psi, (forall w z, In (w,z) d -> 0 <= w) ->
  (forall w z, In (w,z) d -> phi z <= psi z) -> Ex d phi <= Ex d psi.
Proof.
  induction d as [|[w z] d IH]; simpl; intros phi psi Hw H; [lra|].
  apply Rplus_le_compat.
  - apply Rmult_le_compat_l; [apply (Hw w z) | apply (H w z)]; left; reflexivity.
  - apply IH; intros w' z' Hin; [apply (Hw w' z') | apply (H w' z')]; right; exact Hin.
Qed.
Lemma Ex_lin : forall d c1 c2 c3 f g, Ex d (fun z => c1 * f z + c2 * g z + c3) = c1 * Ex d f + c2 * Ex d g + c3 * Ex d (fun _ => 1).
Proof. induction d as [|[w z] d IH]; simpl; intros; [ring|]. rewrite IH. ring. Qed.
Lemma Ex_ext : forall d f g, (forall z, f z = g z) -> Ex d f = Ex d g.
Proof. induction d as [|[w z] d IH]; simpl; intros; [reflexivity|]. rewrite H, (IH f g H). reflexivity. Qed.

Section Noise.
Variables a xs s2 bl xm : R.
Let b := (1-a)*xs*xs.
Hypothesis Ha : 1/2 <= a < 1.
Hypothesis Hxs : 0 < xs.
Hypothesis Hs2 : 0 <= s2.
Hypothesis Hbl : 0 < bl.
Variable law : list R -> dist.              (* conditional law of z_t given the whole history x_t :: ... *)
Hypothesis Hprob : forall h, isprob (law h).
Hypothesis Hsupp : forall h w z, In (w,z) (law h) -> bl <= z.
Hypothesis Hmean : forall h, Ex (law h) (fun z => z) = b.
Hypothesis Hvar : forall h, Ex (law h) (fun z => (z-b)*(z-b)) <= s2.

(** expectation of phi(x_T) for the process started at x with past h *)
Fixpoint EV (T : nat) (h : list R) (x : R) (phi : R -> R) : R :=
  match T with O => phi x
  | S T' => Ex (law (x::h)) (fun z => EV T' (x::h) (a*x + z/x) phi) end.

(** exact one-step identity *)
Theorem one_step_exact : forall h x, 0 < x ->
  Ex (law h) (fun z => (a*x+z/x-xs)*(a*x+z/x-xs)) =
  (x-xs)*(x-xs)*((a-(1-a)*xs/x)*(a-(1-a)*xs/x)) + Ex (law h) (fun z => (z-b)*(z-b)) / (x*x).
Proof.
  intros h x Hx.
  rewrite (Ex_ext (law h) _ (fun z => /(x*x) * ((z-b)*(z-b)) + (2*(a*x+b/x-xs)/x) * z
     + ((a*x+b/x-xs)*(a*x+b/x-xs) - 2*(a*x+b/x-xs)/x*b))) by (intros z; field; lra).
  rewrite (Ex_lin (law h) _ _ _ (fun z => (z-b)*(z-b)) (fun z => z)).
  rewrite Hmean, (wsum _ (Hprob h)). unfold b. field. lra.
Qed.

(** region conditions *)
Hypothesis Hxm : 0 < xm.
Hypothesis Hslope : (1-a)*xs <= 2*a*xm.                       (* slope >= -a on [xm,oo) *)
Hypothesis Hinv : forall x z, xm <= x -> bl <= z -> xm <= a*x + z/x.   (* invariance *)

Theorem one_step_contraction : forall h x, xm <= x ->
  Ex (law h) (fun z => (a*x+z/x-xs)*(a*x+z/x-xs)) <= a*a*((x-xs)*(x-xs)) + s2/(xm*xm).
Proof.
  intros h x Hx. assert (Hx0 : 0 < x) by lra. rewrite one_step_exact by exact Hx0.
  apply Rplus_le_compat.
  - rewrite Rmult_comm. apply Rmult_le_compat_r; [apply Rle_0_sqr|].
    set (k := (1-a)*xs/x). assert (Ek : k*x = (1-a)*xs) by (unfold k; field; lra).
    assert (0 < k) by (unfold k; apply Rdiv_lt_0_compat; nra).
    assert (k <= 2*a) by (apply Rmult_le_reg_r with x; [lra|]; rewrite Ek; nra). nra.
  - unfold Rdiv. apply Rle_trans with (s2*/(x*x)).
    + apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; nra | apply Hvar].
    + apply Rmult_le_compat_l; [exact Hs2|]. apply Rinv_le_contravar; nra.
Qed.

Theorem mean_square : forall T h x, xm <= x ->
  EV T h x (fun y => (y-xs)*(y-xs)) <= (a*a)^T*((x-xs)*(x-xs)) + s2/(xm*xm)*((1-(a*a)^T)/(1-a*a)).
Proof.
  assert (Haa : 0 <= a*a < 1) by nra.
  set (N := s2/(xm*xm)).
  induction T; intros h x Hx.
  - simpl. replace (N*((1-1)/(1-a*a))) with 0 by (field; lra). lra.
  - simpl EV. set (c := (a*a)^T) in *. set (D := N*((1-c)/(1-a*a))) in *.
    assert (Hc : 0 <= c) by (apply pow_le; lra).
    apply Rle_trans with (Ex (law (x::h)) (fun z => c*((a*x+z/x-xs)*(a*x+z/x-xs)) + 0*z + D)).
    + apply Ex_ext_le; [apply (wpos _ (Hprob _))|]. intros w z Hin.
      eapply Rle_trans; [apply IHT; apply Hinv; [exact Hx | apply (Hsupp _ _ _ Hin)] | fold c; fold D; lra].
    + rewrite (Ex_lin (law (x::h)) c 0 D (fun z => (a*x+z/x-xs)*(a*x+z/x-xs)) (fun z => z)), (wsum _ (Hprob _)).
      pose proof (one_step_contraction (x::h) x Hx) as O. fold N in O.
      assert (c*Ex (law (x::h)) (fun z => (a*x+z/x-xs)*(a*x+z/x-xs)) <= c*(a*a*((x-xs)*(x-xs)) + N)) by (apply Rmult_le_compat_l; assumption).
      assert (E : N*((1-(a*a)^S T)/(1-a*a)) = c*N + D) by (unfold D; simpl; fold c; field; lra).
      rewrite E. simpl. fold c. lra.
Qed.
End Noise.

(** ** Corollary 1 (sharp floor): xm = sqrt(bl/(1-a)), start above it *)
Theorem sgd_mean_square : forall a xs xl V eta l law, 1/2 <= a < 1 -> 0 < xs -> 0 < xl -> 0 <= V -> 0 < eta -> 0 < l ->
  let b := (1-a)*xs*xs in                       (* b = eta^2 L *)
  (1-a)*xl*xl = eta^2*l ->                      (* xl = sqrt(eta^2 l/(1-a)) *)
  (1-a)*xs <= 2*a*xl ->                         (* l/L >= ((1-a)/(2a))^2 *)
  (forall h, isprob (law h)) ->
  (forall h w z, In (w,z) (law h) -> eta^2*l <= z) ->
  (forall h, Ex (law h) (fun z => z) = b) ->
  (forall h, Ex (law h) (fun z => (z-b)*(z-b)) <= eta^4*V) ->
  forall T x0, xl <= x0 ->
  EV a law T [] x0 (fun x => (x-xs)*(x-xs)) <= (a*a)^T*((x0-xs)*(x0-xs)) + eta^2*V/(l*(1+a))*(1-(a*a)^T).
Proof.
  intros a xs xl V eta l law Ha Hxs Hxl HV He Hl b Hxl2 Hsl Hp Hs Hm Hv T x0 Hx0.
  assert (He2 : 0 < eta^2) by (apply pow_lt; lra). assert (Hel : 0 < eta^2*l) by (apply Rmult_lt_0_compat; lra).
  assert (He4 : 0 <= eta^4*V) by (apply Rmult_le_pos; [apply pow_le; lra | exact HV]).
  assert (Hinv : forall x z, xl <= x -> eta^2*l <= z -> xl <= a*x+z/x).
  { intros x z Hx Hz. assert (0 < x) by lra. apply Rle_trans with (a*x + (eta^2*l)/x).
    - rewrite <- Hxl2. assert (E : a*x + (1-a)*xl*xl/x - xl = (x-xl)*(a - (1-a)*xl/x)) by (field; lra).
      assert (K : (1-a)*xl/x <= 1-a). { unfold Rdiv. rewrite Rmult_assoc. rewrite <- (Rmult_1_r (1-a)) at 2. apply Rmult_le_compat_l; [lra|].
        apply Rmult_le_reg_r with x; [lra|]. rewrite Rmult_assoc, Rinv_l by lra. lra. }
      assert (0 <= (x-xl)*(a-(1-a)*xl/x)) by (apply Rmult_le_pos; lra). lra.
    - apply Rplus_le_compat_l. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra | exact Hz]. }
  pose proof (mean_square a xs (eta^4*V) (eta^2*l) xl Ha Hxs He4 law Hp Hs Hm Hv Hxl Hsl Hinv T [] x0 Hx0) as MS.
  assert (Q : xl*xl = eta^2*l/(1-a)) by (rewrite <- Hxl2; field; lra).
  assert (0 < 1-a*a) by nra.
  replace (eta^4*V/(xl*xl)*((1-(a*a)^T)/(1-a*a))) with (eta^2*V/(l*(1+a))*(1-(a*a)^T)) in MS; [exact MS|].
  rewrite Q. field. repeat split; try lra; try nra.
Qed.

(** ** Corollary 2: any start; after one step x >= 2 sqrt(a bl) =: xm, floor larger by 1/(4a(1-a)) *)
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
(** Full any-start statement: one burn-in step from an arbitrary x0>0, then the mean-square bound on [2 sqrt(a bl),oo);
    floor  eta^2 V/(4 a l (1-a^2)) ; needs 16 a^3 l >= (1-a) L, i.e. (1-a) xs <= 2 a xm. *)
Theorem sgd_mean_square_any_start : forall a xs xm V eta l law, 1/2 <= a < 1 -> 0 < xs -> 0 < xm -> 0 <= V -> 0 < eta -> 0 < l ->
  let b := (1-a)*xs*xs in
  xm*xm = 4*a*(eta^2*l) -> (1-a)*xs <= 2*a*xm ->
  (forall h, isprob (law h)) ->
  (forall h w z, In (w,z) (law h) -> eta^2*l <= z) ->
  (forall h, Ex (law h) (fun z => z) = b) ->
  (forall h, Ex (law h) (fun z => (z-b)*(z-b)) <= eta^4*V) ->
  forall T x0, 0 < x0 ->
  EV a law (S T) [] x0 (fun x => (x-xs)*(x-xs)) <=
   (a*a)^T*((x0-xs)*(x0-xs)*((a-(1-a)*xs/x0)*(a-(1-a)*xs/x0)) + eta^4*V/(x0*x0))
    + eta^2*V/(4*a*l)*((1-(a*a)^T)/(1-a*a)).
Proof.
  intros a xs xm V eta l law Ha Hxs Hxm HV He Hl b Hq Hsl Hp Hs Hm Hv T x0 Hx0.
  assert (Ha' : 0 < a < 1) by lra.
  assert (He2 : 0 < eta^2) by (apply pow_lt; lra). assert (Hel : 0 < eta^2*l) by (apply Rmult_lt_0_compat; lra).
  assert (He4 : 0 <= eta^4*V) by (apply Rmult_le_pos; [apply pow_le; lra | exact HV]).
  assert (Hinv : forall x z, xm <= x -> eta^2*l <= z -> xm <= a*x+z/x).
  { intros x z Hx Hz. apply (floor_after_one_step a (eta^2*l) x z Ha' Hel ltac:(lra) Hz xm Hxm Hq). }
  assert (Haa : 0 < 1-a*a) by nra.
  assert (Q : eta^4*V/(xm*xm) = eta^2*V/(4*a*l)) by (rewrite Hq; field; repeat split; lra).
  simpl EV. set (c := (a*a)^T). set (D := eta^2*V/(4*a*l)*((1-c)/(1-a*a))).
  assert (Hc : 0 <= c) by (apply pow_le; nra).
  apply Rle_trans with (Ex (law [x0]) (fun z => c*((a*x0+z/x0-xs)*(a*x0+z/x0-xs)) + 0*z + D)).
  - apply Ex_ext_le; [apply (wpos _ (Hp _))|]. intros w z Hin.
    pose proof (mean_square a xs (eta^4*V) (eta^2*l) xm Ha Hxs He4 law Hp Hs Hm Hv Hxm Hsl Hinv T [x0] (a*x0+z/x0)) as MS.
    rewrite Q in MS. fold c in MS. fold D in MS. rewrite Rmult_0_l, Rplus_0_r. apply MS.
    apply (floor_after_one_step a (eta^2*l) x0 z Ha' Hel Hx0 (Hs _ _ _ Hin) xm Hxm Hq).
  - rewrite (Ex_lin (law [x0]) c 0 D (fun z => (a*x0+z/x0-xs)*(a*x0+z/x0-xs)) (fun z => z)), (wsum _ (Hp _)).
    rewrite (one_step_exact a xs law Hp Hm [x0] x0 Hx0).
    assert (Ex (law [x0]) (fun z => (z-b)*(z-b))/(x0*x0) <= eta^4*V/(x0*x0)).
    { apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; nra | apply Hv]. }
    apply Rplus_le_compat; [|lra]. rewrite Rmult_0_l, Rplus_0_r. apply Rmult_le_compat_l; [exact Hc|].
    apply Rplus_le_compat_l. exact H.
Qed.
