(** Rules linear in weights, buffer and gradient, driven by gradients of mean zero given the past: the second
    moments of the sequence of random vectors, step by step, and where they converge, how fast. *)
From Coq Require Import Reals Lra Psatz List FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors Obligations Moments Expectation.
Import ListNotations.
Open Scope R_scope.

(** ** Powers of the transition matrix, and how fast they fall *)
(** The row (x, y) times the t-th power. *)
Fixpoint row (r : rule) (x y : R) (t : nat) : R * R :=
  match t with
  | 0 => (x, y)
  | S k => let (u, v) := row r x y k in (u * ww r + v * mw r, u * wm r + v * mm r)
  end.
Definition trace (r : rule) := ww r + mm r.
(** Both eigenvalues inside the unit circle. *)
Definition schur (r : rule) := Rabs (det r) < 1 /\ Rabs (trace r) < 1 + det r.

Lemma falls_after (r s c : R) (u v : nat -> R) : 0 <= s < 1 -> Rabs r < 1 ->
  (forall t, u (S t) = r * u t + v t) -> (forall t, Rabs (v t) <= c * s ^ t) ->
  exists K rho, 0 <= rho < 1 /\ forall t, Rabs (u t) <= K * rho ^ t.
Proof.
  intros Hs Hr Hu Hv. set (q := Rmax (Rabs r) s).
  assert (Hq : 0 <= q < 1) by (unfold q, Rmax; destruct Rle_dec; split; try lra; apply Rabs_pos).
  assert (R1 : Rabs r <= q) by apply Rmax_l. assert (R2 : s <= q) by apply Rmax_r.
  set (rho := (1 + q) / 2). assert (Hrho : q < rho < 1) by (unfold rho; lra).
  assert (Hc : 0 <= c) by (specialize (Hv 0%nat); simpl in Hv; pose proof (Rabs_pos (v 0%nat)); lra).
  exists (Rabs (u 0%nat) + c / (rho - q)), rho. split; [lra|].
  set (k := Rabs (u 0%nat) + c / (rho - q)).
  assert (F : 0 <= c / (rho - q)) by (apply Rmult_le_pos; [exact Hc | left; apply Rinv_0_lt_compat; lra]).
  assert (D : c = c / (rho - q) * (rho - q)) by (field; lra).
  assert (Hk : q * k + c <= k * rho) by (unfold k; pose proof (Rabs_pos (u 0%nat)); nra).
  assert (k0 : 0 <= k) by (unfold k; pose proof (Rabs_pos (u 0%nat)); lra).
  induction t as [|t IH]; [simpl; unfold k; lra|].
  rewrite Hu. eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult.
  assert (P : 0 <= rho ^ t) by (apply pow_le; lra).
  assert (T1 : Rabs r * Rabs (u t) <= q * (k * rho ^ t)) by (apply Rmult_le_compat; try apply Rabs_pos; assumption).
  assert (T2 : Rabs (v t) <= c * rho ^ t).
  { eapply Rle_trans; [apply Hv|]. apply Rmult_le_compat_l; [exact Hc|]. apply pow_incr. lra. }
  assert (T3 : (q * k + c) * rho ^ t <= k * rho * rho ^ t) by (apply Rmult_le_compat_r; assumption).
  simpl. lra.
Qed.
Lemma falls (tr d : R) (u : nat -> R) : Rabs d < 1 -> Rabs tr < 1 + d ->
  (forall t, u (S (S t)) = tr * u (S t) - d * u t) ->
  exists K rho, 0 <= rho < 1 /\ forall t, u t ^ 2 <= K * rho ^ t.
Proof.
  intros Hd Ht Hu. apply Rabs_def2 in Hd. apply Rabs_def2 in Ht. destruct (Rlt_dec (tr ^ 2) (4 * d)) as [Hc|Hc].
  - (* complex eigenvalues: an invariant form *)
    assert (W : forall t, u (S t) ^ 2 - tr * u (S t) * u t + d * u t ^ 2 =
      (u 1%nat ^ 2 - tr * u 1%nat * u 0%nat + d * u 0%nat ^ 2) * d ^ t).
    { induction t as [|t IH]; [ring|]. rewrite Hu. simpl pow in *.
      transitivity (d * (u (S t) * (u (S t) * 1) - tr * u (S t) * u t + d * (u t * (u t * 1)))); [ring|]. rewrite IH. ring. }
    set (w := u 1%nat ^ 2 - tr * u 1%nat * u 0%nat + d * u 0%nat ^ 2) in *.
    assert (p : 0 < d - tr ^ 2 / 4) by lra.
    exists (w / (d - tr ^ 2 / 4)), d. split; [pose proof (pow2_ge_0 tr); lra|]. intros t.
    apply Rmult_le_reg_r with (d - tr ^ 2 / 4); [exact p|].
    replace (w / (d - tr ^ 2 / 4) * d ^ t * (d - tr ^ 2 / 4)) with (w * d ^ t) by (field; lra).
    rewrite <- W. pose proof (pow2_ge_0 (u (S t) - tr / 2 * u t)). lra.
  - (* real ones: one after the other *)
    set (s := sqrt (tr ^ 2 - 4 * d)). assert (Hs : s * s = tr ^ 2 - 4 * d) by (apply sqrt_sqrt; lra).
    assert (s0 : 0 <= s) by apply sqrt_pos. clearbody s.
    assert (r1 : Rabs ((tr + s) / 2) < 1) by (apply Rabs_def1; nra).
    assert (r2 : Rabs ((tr - s) / 2) < 1) by (apply Rabs_def1; nra).
    set (v := fun t => u (S t) - (tr + s) / 2 * u t).
    assert (V : forall t, v t = v 0%nat * ((tr - s) / 2) ^ t).
    { induction t as [|t IH]; [ring|]. simpl. rewrite <- Rmult_assoc, (Rmult_comm (v 0%nat)), Rmult_assoc, <- IH. unfold v. rewrite Hu.
      assert (E : (tr - s) / 2 * ((tr + s) / 2) = d) by (replace ((tr - s) / 2 * ((tr + s) / 2)) with ((tr ^ 2 - s * s) / 4) by field; rewrite Hs; field).
      rewrite <- E. field. }
    destruct (falls_after ((tr + s) / 2) (Rabs ((tr - s) / 2)) (Rabs (v 0%nat)) u v) as [K [rho [Hrho H]]].
    + split; [apply Rabs_pos | exact r2].
    + exact r1.
    + intros t. unfold v. ring.
    + intros t. rewrite V, Rabs_mult, <- RPow_abs. apply Rle_refl.
    + exists (K ^ 2), (rho ^ 2). split; [split; [apply pow2_ge_0 | nra]|]. intros t.
      rewrite <- pow_mult, Nat.mul_comm, pow_mult, <- Rpow_mult_distr.
      rewrite <- (pow2_abs (u t)). apply pow_incr. split; [apply Rabs_pos | apply H].
Qed.
Lemma row_falls (r : rule) (x y : R) : schur r ->
  exists K rho, 0 <= rho < 1 /\ forall t, fst (row r x y t) ^ 2 + snd (row r x y t) ^ 2 <= K * rho ^ t.
Proof.
  intros [Hd Ht].
  assert (C : forall t, fst (row r x y (S (S t))) = trace r * fst (row r x y (S t)) - det r * fst (row r x y t) /\
                        snd (row r x y (S (S t))) = trace r * snd (row r x y (S t)) - det r * snd (row r x y t)).
  { intros t. unfold trace, det. simpl. destruct (row r x y t). simpl. split; ring. }
  destruct (falls (trace r) (det r) _ Hd Ht (fun t => proj1 (C t))) as [K1 [s1 [H1 B1]]].
  destruct (falls (trace r) (det r) _ Hd Ht (fun t => proj2 (C t))) as [K2 [s2 [H2 B2]]].
  set (s := Rmax s1 s2). assert (M1 : s1 <= s) by apply Rmax_l. assert (M2 : s2 <= s) by apply Rmax_r.
  assert (Hs : s < 1) by (unfold s, Rmax; destruct Rle_dec; lra).
  assert (P : forall K b v, 0 <= b -> b <= s -> (forall t, v t ^ 2 <= K * b ^ t) -> forall t, v t ^ 2 <= Rabs K * s ^ t).
  { intros K b v Hb Hbs H t. eapply Rle_trans; [apply H|]. apply Rle_trans with (Rabs K * b ^ t).
    - apply Rmult_le_compat_r; [apply pow_le, Hb | apply Rle_abs].
    - apply Rmult_le_compat_l; [apply Rabs_pos | apply pow_incr; lra]. }
  exists (Rabs K1 + Rabs K2), s. split; [lra|]. intros t.
  pose proof (P K1 s1 _ (proj1 H1) M1 B1 t). pose proof (P K2 s2 _ (proj1 H2) M2 B2 t). simpl in *. lra.
Qed.

(** ** The sequence of random vectors *)
Section Run.
Context {O : Type}.
Variables (law : list O -> list (R * O)) (n : nat) (r : rule) (w m : list O -> vec) (g : list O -> O -> vec).
(** Weights and buffer are functions of what was drawn; the gradient has mean zero given all of it. *)
Definition white_run :=
  (forall h, possible law h -> isprob (law h)) /\
  (forall h o, w (o :: h) = weights r (w h) (m h) (g h o)) /\
  (forall h o, m (o :: h) = buffer r (w h) (m h) (g h o)) /\
  (forall h, possible law h -> forall i, (i < n)%nat -> Ex (law h) (fun o => g h o i) = 0).
Definition momA (t : nat) := E law t (fun h => dot n (w h) (w h)).
Definition momB (t : nat) := E law t (fun h => dot n (w h) (m h)).
Definition momC (t : nat) := E law t (fun h => dot n (m h) (m h)).
Definition mom_energy (t : nat) := Enext law t (fun h o => dot n (g h o) (g h o)).
Definition overlap (t : nat) := Enext law t (fun h o => dot n (w h) (w (o :: h))).
Hypothesis Run : white_run.

(** No step mixes the noise with what came before it. *)
Lemma products_of_a_step : forall h u v c k, possible law h ->
  Ex (law h) (fun o => dot n (lin 1 u c (g h o)) (lin 1 v k (g h o))) =
  dot n u v + c * k * Ex (law h) (fun o => dot n (g h o) (g h o)).
Proof.
  intros h u v c k Hh. destruct Run as [Hl [_ [_ Hz]]].
  rewrite (Ex_ext (law h) _ (fun o => 1 * (c * k * dot n (g h o) (g h o) + dot n u v) + 1 * (k * dot n (g h o) u + c * dot n (g h o) v))).
  - rewrite (Ex_lin (law h) 1 (fun o => c * k * dot n (g h o) (g h o) + dot n u v)), (Ex_affine _ _ _ _ (Hl h Hh)).
    rewrite (Ex_lin (law h) k), !Ex_dot by (apply Hz, Hh). ring.
  - intros p o _. repeat rewrite ?dot_lin_l, ?dot_lin_r. rewrite (dot_sym n u (g h o)). ring.
Qed.

(** The Gram recursion holds between the means at every step of the sequence, whatever the energy at each. *)
Theorem moments_of_the_sequence : forall t, let q := mom_energy t in
  momA (S t) = nextA r q (momA t) (momB t) (momC t) /\ momB (S t) = nextB r q (momA t) (momB t) (momC t) /\
  momC (S t) = nextC r q (momA t) (momB t) (momC t) /\ overlap t = ww r * momA t + wm r * momB t.
Proof.
  intros t q. pose proof Run as [Hl [Hw [Hm Hz]]]. unfold q, mom_energy, overlap, Enext, momA, momB, momC. simpl E.
  assert (L : forall a b c d f, (forall h, possible law h -> f h = a * dot n (w h) (w h) + b * dot n (w h) (m h) +
      c * dot n (m h) (m h) + d * Ex (law h) (fun o => dot n (g h o) (g h o))) ->
    E law t f = a * E law t (fun h => dot n (w h) (w h)) + b * E law t (fun h => dot n (w h) (m h)) +
      c * E law t (fun h => dot n (m h) (m h)) + d * E law t (fun h => Ex (law h) (fun o => dot n (g h o) (g h o)))).
  { intros a b c d f H.
    rewrite (E_ext law t f (fun h => 1 * (a * dot n (w h) (w h) + b * dot n (w h) (m h)) +
      1 * (c * dot n (m h) (m h) + d * Ex (law h) (fun o => dot n (g h o) (g h o))))) by (intros h Hh _; rewrite (H h Hh); ring).
    rewrite (E_lin law t 1 (fun h => a * dot n (w h) (w h) + b * dot n (w h) (m h))), !E_lin. ring. }
  assert (Q : forall (u v : rule) h, u = r -> v = r -> dot n (lin (ww u) (w h) (wm u) (m h)) (lin (ww v) (w h) (wm v) (m h)) =
      (ww r)^2 * dot n (w h) (w h) + 2*(ww r)*(wm r) * dot n (w h) (m h) + (wm r)^2 * dot n (m h) (m h)).
  { intros u v h -> ->. repeat rewrite ?dot_lin_l, ?dot_lin_r. rewrite (dot_sym n (m h) (w h)). ring. }
  unfold nextA, nextB, nextC. repeat split.
  - apply L. intros h Hh. rewrite (Ex_ext (law h) _ (fun o => dot n (weights r (w h) (m h) (g h o)) (weights r (w h) (m h) (g h o))))
      by (intros; rewrite Hw; reflexivity).
    unfold weights. rewrite products_of_a_step by exact Hh. rewrite Q by reflexivity. ring.
  - apply L. intros h Hh. rewrite (Ex_ext (law h) _ (fun o => dot n (weights r (w h) (m h) (g h o)) (buffer r (w h) (m h) (g h o))))
      by (intros; rewrite Hw, Hm; reflexivity).
    unfold weights, buffer. rewrite products_of_a_step by exact Hh.
    repeat rewrite ?dot_lin_l, ?dot_lin_r. rewrite (dot_sym n (m h) (w h)). ring.
  - apply L. intros h Hh. rewrite (Ex_ext (law h) _ (fun o => dot n (buffer r (w h) (m h) (g h o)) (buffer r (w h) (m h) (g h o))))
      by (intros; rewrite Hm; reflexivity).
    unfold buffer. rewrite products_of_a_step by exact Hh.
    repeat rewrite ?dot_lin_l, ?dot_lin_r. rewrite (dot_sym n (m h) (w h)). ring.
  - rewrite (L (ww r) (wm r) 0 0); [ring|]. intros h Hh.
    rewrite (Ex_ext (law h) _ (fun o => wg r * dot n (g h o) (w h) + (ww r * dot n (w h) (w h) + wm r * dot n (w h) (m h)))).
    + rewrite (Ex_affine _ _ _ _ (Hl h Hh)), Ex_dot by (apply Hz, Hh). ring.
    + intros p o _. rewrite Hw. unfold weights. repeat rewrite ?dot_lin_r. rewrite (dot_sym n (w h) (g h o)). ring.
Qed.

(** Moments that one step leaves alone are a fixed point of the recursion. *)
Corollary rest_is_stationary : forall t, momA (S t) = momA t -> momB (S t) = momB t -> momC (S t) = momC t ->
  stationary r (mom_energy t) (momA t) (momB t) (momC t).
Proof.
  intros t EA EB EC. destruct (moments_of_the_sequence t) as [FA [FB [FC _]]]. unfold stationary. repeat split; congruence.
Qed.

(** ** Constant energy *)
Variable q : R.
Hypothesis Hq : forall t, mom_energy t = q.
Variables A B C : R.
Hypothesis Hrest : stationary r q A B C.
Definition form (t : nat) (x y : R) := x^2 * (momA t - A) + 2*x*y * (momB t - B) + y^2 * (momC t - C).
Lemma form_step : forall t x y, form (S t) x y = form t (x * ww r + y * mw r) (x * wm r + y * mm r).
Proof.
  intros t x y. unfold form. destruct (moments_of_the_sequence t) as [EA [EB [EC _]]]. rewrite EA, EB, EC, Hq.
  destruct Hrest as [FA [FB FC]]. apply Rminus_diag_uniq.
  transitivity (x^2 * (nextA r q A B C - A) + 2*x*y * (nextB r q A B C - B) + y^2 * (nextC r q A B C - C)).
  - unfold nextA, nextB, nextC. ring.
  - rewrite FA, FB, FC. ring.
Qed.
Lemma form_iter : forall k t x y, form (t + k) x y = form t (fst (row r x y k)) (snd (row r x y k)).
Proof.
  induction k; intros t x y; [rewrite Nat.add_0_r; reflexivity|].
  rewrite Nat.add_succ_r, <- Nat.add_succ_l, IHk, form_step. simpl. destruct (row r x y k). reflexivity.
Qed.
(** The deviation of any E|x w + y m|^2 is that at the start, seen through the matrix's power. *)
Theorem deviations : forall t x y, form t x y = form 0 (fst (row r x y t)) (snd (row r x y t)).
Proof. intros t x y. apply (form_iter t 0). Qed.

Lemma form_falls : schur r -> forall x y, exists K rho, 0 <= rho < 1 /\ forall t, Rabs (form t x y) <= K * rho ^ t.
Proof.
  intros HS x y. destruct (row_falls r x y HS) as [K [rho [Hrho H]]].
  set (c := Rabs (momA 0 - A) + Rabs (momB 0 - B) + Rabs (momC 0 - C)).
  exists (c * K), rho. split; [exact Hrho|]. intros t. rewrite deviations. specialize (H t).
  set (u := fst (row r x y t)) in *. set (v := snd (row r x y t)) in *. unfold form.
  set (a := momA 0 - A) in *. set (b := momB 0 - B) in *. set (d := momC 0 - C) in *.
  apply Rle_trans with (c * (u ^ 2 + v ^ 2)).
  - pose proof (pow2_ge_0 u) as U. pose proof (pow2_ge_0 v) as V.
    assert (X : Rabs (2 * u * v) <= u ^ 2 + v ^ 2) by (apply Rabs_le; pose proof (pow2_ge_0 (u + v)); pose proof (pow2_ge_0 (u - v)); lra).
    eapply Rle_trans; [apply Rabs_triang|]. eapply Rle_trans; [apply Rplus_le_compat_r, Rabs_triang|].
    rewrite !Rabs_mult, (Rabs_pos_eq (u ^ 2) U), (Rabs_pos_eq (v ^ 2) V). rewrite <- Rabs_mult, <- Rabs_mult.
    assert (Y : Rabs (2 * u * v) * Rabs b <= (u ^ 2 + v ^ 2) * Rabs b) by (apply Rmult_le_compat_r; [apply Rabs_pos | exact X]).
    pose proof (Rmult_le_pos _ _ U (Rabs_pos d)). pose proof (Rmult_le_pos _ _ V (Rabs_pos a)). unfold c. lra.
  - rewrite Rmult_assoc. apply Rmult_le_compat_l; [|exact H]. unfold c.
    pose proof (Rabs_pos a). pose proof (Rabs_pos b). pose proof (Rabs_pos d). lra.
Qed.
Lemma to_zero (u : nat -> R) (K rho : R) : 0 <= rho < 1 -> (forall t, Rabs (u t) <= K * rho ^ t) -> is_lim_seq u 0.
Proof.
  intros Hrho H. apply is_lim_seq_abs_0. apply is_lim_seq_le_le with (fun _ => 0) (fun t => K * rho ^ t).
  - intros t. split; [apply Rabs_pos | apply H].
  - apply is_lim_seq_const.
  - replace (Finite 0) with (Rbar_mult K 0) by (simpl; f_equal; ring).
    apply is_lim_seq_scal_l, is_lim_seq_geom. rewrite Rabs_pos_eq; lra.
Qed.
Lemma moments_converge : schur r -> is_lim_seq momA A /\ is_lim_seq momB B.
Proof.
  intros HS. assert (L : forall x y, is_lim_seq (fun t => form t x y) 0).
  { intros x y. destruct (form_falls HS x y) as [K [rho [Hrho H]]]. exact (to_zero _ K rho Hrho H). }
  split.
  - apply is_lim_seq_ext with (fun t => A + form t 1 0); [intros t; unfold form; ring|].
    replace (Finite A) with (Finite (A + 0)) by (f_equal; ring). apply is_lim_seq_plus'; [apply is_lim_seq_const | apply L].
  - apply is_lim_seq_ext with (fun t => B + / 4 * (form t 1 1 - form t 1 (-1))); [intros t; unfold form; field|].
    replace (Finite B) with (Finite (B + / 4 * (0 - 0))) by (f_equal; ring).
    apply is_lim_seq_plus'; [apply is_lim_seq_const|].
    exact (is_lim_seq_scal_l _ (/ 4) _ (is_lim_seq_minus' _ _ _ _ (L 1 1) (L 1 (-1)))).
Qed.
Lemma rest_is_positive : schur r -> wg r <> 0 -> 0 < q -> 0 < A.
Proof.
  intros HS Hg Hpos. destruct (moments_converge HS) as [LA _]. assert (P : 0 < (wg r)^2 * q).
  { apply Rmult_lt_0_compat; [|exact Hpos]. replace ((wg r)^2) with (Rsqr (wg r)) by (unfold Rsqr; ring). apply Rsqr_pos_lt, Hg. }
  assert (F : Rbar_le ((wg r)^2 * q) A).
  { apply is_lim_seq_le with (fun _ => (wg r)^2 * q) (fun t => momA (S t)).
    - intros t. destruct (moments_of_the_sequence t) as [-> _]. rewrite Hq. unfold nextA.
      assert (N : 0 <= E law t (fun h => dot n (lin (ww r) (w h) (wm r) (m h)) (lin (ww r) (w h) (wm r) (m h)))).
      { destruct Run as [Hl _]. rewrite <- (E_const law Hl t 0). apply (E_le law Hl). intros. apply dot_pos. }
      rewrite (E_ext law t _ (fun h => 1 * ((ww r)^2 * dot n (w h) (w h) + 2*(ww r)*(wm r) * dot n (w h) (m h)) +
        (wm r)^2 * dot n (m h) (m h))) in N.
      + rewrite (E_lin law t 1 (fun h => (ww r)^2 * dot n (w h) (w h) + 2*(ww r)*(wm r) * dot n (w h) (m h))), E_lin in N.
        fold (momA t) in N. fold (momB t) in N. fold (momC t) in N. lra.
      + intros h _ _. repeat rewrite ?dot_lin_l, ?dot_lin_r. rewrite (dot_sym n (m h) (w h)). ring.
    - apply is_lim_seq_const.
    - apply (is_lim_seq_incr_1 momA), LA. }
  simpl in F. lra.
Qed.
Lemma overlap_converges : schur r -> A <> 0 -> is_lim_seq (fun t => overlap t / momA t) (cosine r A B).
Proof.
  intros HS HA. destruct (moments_converge HS) as [LA LB].
  unfold cosine. apply is_lim_seq_ext with (fun t => (ww r * momA t + wm r * momB t) / momA t).
  - intros t. destruct (moments_of_the_sequence t) as [_ [_ [_ ->]]]. reflexivity.
  - apply is_lim_seq_div'; [|exact LA | exact HA].
    apply is_lim_seq_plus'; [exact (is_lim_seq_scal_l _ (ww r) _ LA) | exact (is_lim_seq_scal_l _ (wm r) _ LB)].
Qed.

(** Decoupled decay: the multipliers of the deviation are the products of the matrix's two eigenvalues, and no others. *)
Theorem decoupled_multipliers : mw r = 0 -> ww r <> mm r ->
  exists K1 K2 K3, forall t, momA t = A + (K1 * (mm r ^ 2) ^ t + K2 * (ww r * mm r) ^ t + K3 * (ww r ^ 2) ^ t).
Proof.
  intros Hc Hne. set (k := wm r / (ww r - mm r)).
  assert (X : forall t, row r 1 0 t = (ww r ^ t, k * (ww r ^ t - mm r ^ t))).
  { induction t as [|t IH]; [simpl; f_equal; ring|]. simpl. rewrite IH, Hc. f_equal; [ring|]. unfold k. field. lra. }
  exists (k ^ 2 * (momC 0 - C)), (- (2 * k * (momB 0 - B) + 2 * k ^ 2 * (momC 0 - C))),
    (momA 0 - A + 2 * k * (momB 0 - B) + k ^ 2 * (momC 0 - C)).
  intros t. assert (D : momA t = A + form t 1 0) by (unfold form; ring).
  rewrite D, deviations, X. unfold form. simpl fst. simpl snd.
  rewrite !Rpow_mult_distr. simpl pow. rewrite ?Rmult_1_r, ?Rpow_mult_distr. ring.
Qed.
(** Without a buffer there is one multiplier, and the whole deviation falls by it. *)
Theorem one_multiplier : wm r = 0 -> forall t, momA t = A + (momA 0 - A) * (ww r ^ 2) ^ t.
Proof.
  intros Hb t. assert (X : row r 1 0 t = (ww r ^ t, 0)).
  { induction t as [|t IH]; [reflexivity|]. simpl. rewrite IH, Hb. f_equal; ring. }
  assert (D : momA t = A + form t 1 0) by (unfold form; ring).
  rewrite D, deviations, X. unfold form. simpl fst. simpl snd. rewrite <- pow_mult, Nat.mul_comm, pow_mult. ring.
Qed.
End Run.

(** From every start, under gradients of constant mean energy, the expected squared norm converges linearly to its one
    fixed point, and the expected overlap with it. *)
Lemma schur_off_resonance (r : rule) : schur r -> resonance r <> 0.
Proof.
  intros [H1 H2]. apply Rabs_def2 in H1. apply Rabs_def2 in H2. unfold resonance. fold (trace r).
  apply Rmult_integral_contrapositive_currified; [lra|].
  replace ((1 + det r)^2 - trace r^2) with ((1 + det r - trace r) * (1 + det r + trace r)) by ring.
  apply Rmult_integral_contrapositive_currified; lra.
Qed.
Theorem white_noise_converges : forall (O : Type) (law : list O -> list (R * O)) n r w m g q,
  white_run law n r w m g -> (forall t, mom_energy law n g t = q) -> 0 < q -> schur r -> wg r <> 0 ->
  exists A B C, 0 < A /\ stationary r q A B C /\
    (exists K rho, 0 <= rho < 1 /\ forall t, Rabs (momA law n w t - A) <= K * rho ^ t) /\
    is_lim_seq (fun t => overlap law n w t / momA law n w t) (cosine r A B).
Proof.
  intros O law n r w m g q Run Hq Hpos HS Hg. exists (fixedA r q), (fixedB r q), (fixedC r q).
  assert (St : stationary r q (fixedA r q) (fixedB r q) (fixedC r q)) by (apply one_fixed_point; [apply schur_off_resonance, HS | auto]).
  pose proof (rest_is_positive law n r w m g Run q Hq _ _ _ St HS Hg Hpos) as HA.
  split; [exact HA|]. split; [exact St|]. split.
  - destruct (form_falls law n r w m g Run q Hq _ _ _ St HS 1 0) as [K [rho [Hrho H]]].
    exists K, rho. split; [exact Hrho|]. intros t. replace (momA law n w t - fixedA r q) with (form law n w m (fixedA r q) (fixedB r q) (fixedC r q) t 1 0); [apply H|].
    unfold form. ring.
  - apply (overlap_converges law n r w m g Run q Hq _ _ (fixedC r q) St HS). lra.
Qed.

(** Rules without a buffer, in their weights alone. *)
Definition memoryless_run {O : Type} (law : list O -> list (R * O)) n eta lam (w : list O -> vec) (g : list O -> O -> vec) :=
  (forall h, possible law h -> isprob (law h)) /\
  (forall h o, w (o :: h) = lin (1 - eta*lam) (w h) (- eta) (g h o)) /\
  (forall h, possible law h -> forall i, (i < n)%nat -> Ex (law h) (fun o => g h o i) = 0).
Lemma memoryless_is_white : forall (O : Type) (law : list O -> list (R * O)) n eta lam w g,
  memoryless_run law n eta lam w g -> white_run law n (sgd eta lam) w (fun _ _ => 0) g.
Proof.
  intros O law n eta lam w g [Hl [Hw Hz]]. split; [exact Hl|]. split; [|split; [|exact Hz]].
  - intros h o. rewrite Hw. apply functional_extensionality. intros i. unfold weights, sgd, lin; cbn [ww wm wg]. ring.
  - intros h o. apply functional_extensionality. intros i. unfold buffer, sgd, lin; cbn [mw mm mg]. ring.
Qed.
Theorem memoryless_norm : forall (O : Type) (law : list O -> list (R * O)) n eta lam w g q,
  memoryless_run law n eta lam w g -> (forall t, mom_energy law n g t = q) -> 0 < eta*lam < 1 ->
  let A := q * eta^2 / (eta*lam * (2 - eta*lam)) in
  forall t, momA law n w t = A + (momA law n w 0 - A) * ((1 - eta*lam)^2)^t.
Proof.
  intros O law n eta lam w g q Run Hq Hp A.
  apply (one_multiplier law n (sgd eta lam) w (fun _ _ => 0) g (memoryless_is_white _ _ _ _ _ _ _ Run) q Hq A 0 0); [|reflexivity].
  assert (eta <> 0) by (intros ->; lra). assert (lam <> 0) by (intros ->; lra).
  unfold stationary, nextA, nextB, nextC, sgd, A; cbn [ww wm wg mw mm mg]. repeat split; field; lra.
Qed.

(** ** Where the rules are stable *)
Lemma sgdm_stable : forall eta lam al tau, 0 < eta -> 0 < lam -> 0 <= al < 1 -> 0 <= tau < 1 ->
  eta*lam*(1-tau) < 2*(1+al) -> schur (sgdm eta lam al tau).
Proof.
  intros eta lam al tau He Hl Ha Ht Hs. assert (0 < eta*lam*(1-tau)) by (repeat apply Rmult_lt_0_compat; lra).
  unfold schur, trace, det, sgdm; cbn [ww wm wg mw mm mg].
  replace ((1 - eta*(1-tau)*lam) * al - - eta*al*((1-tau)*lam)) with al by ring.
  replace (1 - eta*(1-tau)*lam + al) with (1 + al - eta*lam*(1-tau)) by ring. split; apply Rabs_def1; lra.
Qed.
Lemma decoupled_stable : forall r p al, mw r = 0 -> ww r = 1 - p -> mm r = al -> 0 < p < 1 -> 0 <= al < 1 -> schur r.
Proof. intros r p al H1 H2 H3 Hp Ha. unfold schur, trace, det. rewrite H1, H2, H3. split; apply Rabs_def1; nra. Qed.
Lemma nesterov_stable : forall eta lam al, 0 < eta*lam < 1 -> 0 <= al < 1 -> schur (nesterov eta lam al).
Proof.
  intros eta lam al Hp Ha. unfold schur, trace, det, nesterov; cbn [ww wm wg mw mm mg].
  replace ((1 - eta*(1+al)*lam) * al - - eta*al^2*lam) with (al*(1 - eta*lam)) by ring.
  replace (1 - eta*(1+al)*lam + al) with (1 + al - (1+al)*(eta*lam)) by ring. set (p := eta*lam) in *.
  split; apply Rabs_def1; nra.
Qed.
