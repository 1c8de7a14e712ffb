(** The arcsine's power series, and how much of it, and of the mixture of geometric sums it turns into for the sign
    of a filtered gradient, the first n terms leave out. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors.
Open Scope R_scope.

(** ** The coefficients: central binomials over powers of four *)
Fixpoint central (n : nat) : R := match n with 0 => 1 | S k => central k * ((2 * INR k + 1) / (2 * INR k + 2)) end.
Definition coefficient (n : nat) : R := central n / (2 * INR n + 1).

Lemma central_binomial : forall n, Binomial.C (n + n) n = central n * 4 ^ n.
Proof.
  induction n as [|n IH]; [unfold Binomial.C; simpl; field|].
  replace (central (S n) * 4 ^ S n) with (central n * 4 ^ n * (4 * ((2 * INR n + 1) / (2 * INR n + 2)))) by (simpl; ring).
  rewrite <- IH. unfold Binomial.C. replace (S n + S n - S n)%nat with (S n) by lia. replace (n + n - n)%nat with n by lia.
  replace (S n + S n)%nat with (S (S (n + n))) by lia.
  pose proof (INR_fact_neq_0 n). pose proof (INR_fact_neq_0 (n + n)). pose proof (pos_INR n).
  rewrite !fact_simpl, !mult_INR, !S_INR, plus_INR. field. repeat split; lra.
Qed.
Lemma central_bounds : forall n, 0 < central n <= 1.
Proof.
  induction n as [|n IH]; simpl; [lra|]. pose proof (pos_INR n).
  assert (0 < (2 * INR n + 1) / (2 * INR n + 2)) by (apply Rdiv_lt_0_compat; lra).
  assert ((2 * INR n + 1) / (2 * INR n + 2) <= 1) by (apply Rle_div_l; lra). nra.
Qed.
Lemma coefficient_pos : forall n, 0 < coefficient n.
Proof. intros n. pose proof (central_bounds n). pose proof (pos_INR n). apply Rdiv_lt_0_compat; lra. Qed.
Lemma coefficient_falls : forall n, coefficient (S n) <= coefficient n.
Proof.
  intros n. unfold coefficient. simpl central. rewrite S_INR. pose proof (central_bounds n). pose proof (pos_INR n).
  apply Rle_div_l; [lra|].
  replace (central n / (2 * INR n + 1) * (2 * (INR n + 1) + 1)) with (central n * ((2 * INR n + 3) / (2 * INR n + 1))) by (field; lra).
  apply Rmult_le_compat_l; [lra|]. apply Rle_trans with 1; [apply Rle_div_l; lra | apply Rle_div_r; lra].
Qed.

(** ** The sum: S(u) = sum central n u^n is 1/sqrt(1-u), and x G(x^2) with G's coefficients has derivative S(x^2) *)
Lemma inside (a : nat -> R) (u : R) : (forall n, Rabs (a n) <= 1) -> Rabs u < 1 -> Rbar_lt (Rabs u) (CV_radius a).
Proof.
  intros Ha Hu. apply Rbar_lt_le_trans with 1; [exact Hu|]. apply (proj1 (CV_radius_bounded a)).
  exists 1. intros n. rewrite pow1, Rmult_1_r. apply Ha.
Qed.
Lemma central_inside (u : R) : Rabs u < 1 -> Rbar_lt (Rabs u) (CV_radius central).
Proof. apply inside. intros n. pose proof (central_bounds n). rewrite Rabs_pos_eq; lra. Qed.
Lemma coefficient_below (n : nat) : coefficient n <= central n.
Proof.
  pose proof (central_bounds n). pose proof (pos_INR n). apply Rle_div_l; [lra|]. nra.
Qed.
Lemma coefficient_inside (u : R) : Rabs u < 1 -> Rbar_lt (Rabs u) (CV_radius coefficient).
Proof.
  apply inside. intros n. pose proof (coefficient_pos n). pose proof (coefficient_below n). pose proof (central_bounds n).
  rewrite Rabs_pos_eq; lra.
Qed.
Lemma constant_inside (f : R -> R) : (forall u, Rabs u < 1 -> is_derive f u 0) -> forall u, Rabs u < 1 -> f u = f 0.
Proof.
  intros H u Hu. apply Rabs_def2 in Hu. destruct (Rtotal_order u 0) as [L|[->|G]]; [|reflexivity|].
  - apply eq_is_derive; [|exact L]. intros t Ht. apply H, Rabs_def1; lra.
  - symmetry. apply eq_is_derive; [|exact G]. intros t Ht. apply H, Rabs_def1; lra.
Qed.
(** (1 - u) S' = S / 2 *)
Lemma central_equation (u : R) : Rabs u < 1 -> (1 - u) * PSeries (PS_derive central) u = PSeries central u / 2.
Proof.
  intros Hu. pose proof (central_inside u Hu) as HC.
  assert (HD : Rbar_lt (Rabs u) (CV_radius (PS_derive central))) by (rewrite CV_radius_derive; exact HC).
  assert (ED : ex_pseries (PS_derive central) u) by (apply CV_radius_inside, HD).
  assert (EC : ex_pseries central u) by (apply CV_radius_inside, HC).
  replace ((1 - u) * PSeries (PS_derive central) u) with
    (PSeries (PS_derive central) u - u * PSeries (PS_derive central) u) by ring.
  rewrite <- PSeries_incr_1, <- PSeries_minus by (assumption || apply ex_pseries_incr_1; assumption).
  unfold Rdiv. rewrite Rmult_comm, <- PSeries_scal. apply PSeries_ext. intros n.
  unfold PS_minus, PS_plus, PS_opp, PS_scal, PS_derive, PS_incr_1. change plus with Rplus. change opp with Ropp. change scal with Rmult.
  destruct n as [|n]; [simpl; change zero with 0; field|]. cbn [central]. rewrite !S_INR. pose proof (pos_INR n). field. lra.
Qed.
Lemma central_sum (u : R) : Rabs u < 1 -> PSeries central u = / sqrt (1 - u).
Proof.
  intros Hu. set (f := fun u => PSeries central u * sqrt (1 - u)).
  assert (D : forall u, Rabs u < 1 -> is_derive f u 0).
  { intros v Hv. pose proof (central_equation v Hv) as Q. pose proof (is_derive_PSeries central v (central_inside v Hv)) as HD.
    apply Rabs_def2 in Hv. assert (P : 0 < sqrt (1 - v)) by (apply sqrt_lt_R0; lra).
    assert (SS : sqrt (1 - v) * sqrt (1 - v) = 1 - v) by (apply sqrt_sqrt; lra).
    replace 0 with (PSeries (PS_derive central) v * sqrt (1 - v) + PSeries central v * (- / (2 * sqrt (1 - v)))).
    - unfold f. apply (is_derive_mult (PSeries central) (fun x => sqrt (1 - x)) v); [exact HD | | intros; apply Rmult_comm].
      auto_derive; [lra | replace (1 + - v) with (1 - v) by ring; field; lra].
    - apply Rmult_eq_reg_r with (sqrt (1 - v)); [|lra]. rewrite Rmult_0_l, Rmult_plus_distr_r, Rmult_assoc, SS.
      replace (PSeries central v * - / (2 * sqrt (1 - v)) * sqrt (1 - v)) with (- (PSeries central v / 2)) by (field; lra). lra. }
  pose proof (constant_inside f D u Hu) as Q. unfold f in Q. rewrite PSeries_0, Rminus_0_r, sqrt_1 in Q. simpl central in Q.
  apply Rabs_def2 in Hu. assert (P : 0 < sqrt (1 - u)) by (apply sqrt_lt_R0; lra).
  apply Rmult_eq_reg_r with (sqrt (1 - u)); [|lra]. rewrite Q. field. lra.
Qed.
Lemma square_inside (x : R) : Rabs x < 1 -> Rabs (x ^ 2) < 1.
Proof. intros H. rewrite <- RPow_abs. pose proof (Rabs_pos x). simpl. nra. Qed.
Lemma asin_pseries (x : R) : Rabs x < 1 -> x * PSeries coefficient (x ^ 2) = asin x.
Proof.
  intros Hx. set (f := fun x => asin x - x * PSeries coefficient (x ^ 2)).
  assert (D : forall x, Rabs x < 1 -> is_derive f x 0).
  { intros v Hv. pose proof (square_inside v Hv) as Hu.
    assert (HG : is_derive (fun x => PSeries coefficient (x ^ 2)) v (2 * v * PSeries (PS_derive coefficient) (v ^ 2))).
    { apply (is_derive_comp (PSeries coefficient) (fun x => x ^ 2)); [apply is_derive_PSeries, coefficient_inside, Hu|].
      auto_derive; [exact I | ring]. }
    assert (HA : is_derive asin v (/ sqrt (1 - v ^ 2))).
    { apply is_derive_Reals. apply Rabs_def2 in Hv. assert (Hr : -1 < v < 1) by lra.
      apply (derive_pt_eq_1 asin v _ (derivable_pt_asin v Hr)). rewrite derive_pt_asin, <- Rsqr_pow2. unfold Rdiv. ring. }
    assert (Q : PSeries coefficient (v ^ 2) + 2 * v ^ 2 * PSeries (PS_derive coefficient) (v ^ 2) = / sqrt (1 - v ^ 2)).
    { rewrite <- central_sum by exact Hu. set (u := v ^ 2) in *.
      assert (HD : ex_pseries (PS_derive coefficient) u).
      { apply CV_radius_inside. rewrite CV_radius_derive. apply coefficient_inside, Hu. }
      rewrite Rmult_assoc, <- PSeries_incr_1, <- PSeries_scal.
      rewrite <- PSeries_plus; [|apply CV_radius_inside, coefficient_inside, Hu|].
      - apply PSeries_ext. intros n. unfold PS_plus, PS_scal, PS_derive, PS_incr_1, coefficient.
        change plus with Rplus. change scal with Rmult.
        destruct n as [|n]; [simpl; change zero with 0; field|]. cbn [central]. rewrite !S_INR. pose proof (pos_INR n). field. lra.
      - apply ex_pseries_scal; [intros; apply Rmult_comm|]. apply ex_pseries_incr_1, HD. }
    replace 0 with (/ sqrt (1 - v ^ 2) - (1 * PSeries coefficient (v ^ 2) + v * (2 * v * PSeries (PS_derive coefficient) (v ^ 2)))).
    - unfold f. apply (is_derive_minus asin (fun x => x * PSeries coefficient (x ^ 2))); [exact HA|].
      apply (is_derive_mult (fun x => x) (fun x => PSeries coefficient (x ^ 2)) v 1); [exact (is_derive_id (K := R_AbsRing) v) | exact HG | intros; apply Rmult_comm].
    - rewrite <- Q. ring. }
  pose proof (constant_inside f D x Hx) as Q. unfold f in Q. rewrite asin_0, Rmult_0_l in Q. lra.
Qed.

(** arcsin x is its power series. *)
Theorem asin_series : forall x, Rabs x < 1 -> is_series (fun n => coefficient n * x ^ (2 * n + 1)) (asin x).
Proof.
  intros x Hx. rewrite <- (asin_pseries x Hx).
  assert (H : is_series (fun n => coefficient n * (x ^ 2) ^ n) (PSeries coefficient (x ^ 2))).
  { pose proof (PSeries_correct coefficient (x ^ 2) (CV_radius_inside _ _ (coefficient_inside _ (square_inside x Hx)))) as H.
    apply is_pseries_R in H. exact H. }
  apply (is_series_scal x) in H. apply is_series_ext with (2 := H). intros n.
  change (@eq R (x * (coefficient n * (x ^ 2) ^ n)) (coefficient n * x ^ (2 * n + 1))). rewrite pow_add, pow_mult. simpl pow. ring.
Qed.

(** ** Tails *)
(** Weights that fall at least like powers of r, against factors bounded by F from n on. *)
Theorem tail_of_weights : forall (a f : nat -> R) (r F : R) (n : nat), 0 <= r < 1 ->
  (forall k, 0 <= a k) -> (forall k, a (S k) <= r * a k) -> (forall k, (n <= k)%nat -> Rabs (f k) <= F) ->
  ex_series (fun k => a k * f k) /\
  Rabs (Series (fun k => a k * f k) - sum (fun k => a k * f k) n) <= a n * F / (1 - r).
Proof.
  intros a f r F n Hr Ha Hfall HF.
  assert (B : forall k, a (n + k)%nat <= a n * r ^ k).
  { induction k as [|k IH]; [rewrite Nat.add_0_r; simpl; lra|]. rewrite Nat.add_succ_r. eapply Rle_trans; [apply Hfall|].
    simpl. pose proof (Rmult_le_compat_l r _ _ (proj1 Hr) IH). lra. }
  assert (F0 : 0 <= F) by (eapply Rle_trans; [apply Rabs_pos | apply (HF n), le_n]).
  assert (T : forall k, Rabs (a (n + k)%nat * f (n + k)%nat) <= a n * F * r ^ k).
  { intros k. rewrite Rabs_mult, (Rabs_pos_eq (a _)) by apply Ha.
    apply Rle_trans with (a n * r ^ k * F); [|lra].
    apply Rmult_le_compat; [apply Ha | apply Rabs_pos | apply B | apply HF; lia]. }
  assert (G : is_series (fun k => a n * F * r ^ k) (a n * F / (1 - r))).
  { apply (is_series_scal (a n * F) _ _ (is_series_geom r ltac:(rewrite Rabs_pos_eq; lra))). }
  assert (EG : ex_series (fun k => a n * F * r ^ k)) by (eexists; exact G).
  assert (ET : ex_series (fun k => Rabs (a (n + k)%nat * f (n + k)%nat))).
  { apply (ex_series_le (K := R_AbsRing) (V := R_CompleteNormedModule) _ (fun k => a n * F * r ^ k)); [|exact EG]. intros k. change norm with Rabs. rewrite Rabs_Rabsolu. apply T. }
  assert (ES : ex_series (fun k => a k * f k)) by (apply (ex_series_incr_n (fun k => a k * f k) n), ex_series_Rabs, ET).
  split; [exact ES|].
  replace (Series (fun k => a k * f k) - sum (fun k => a k * f k) n) with (Series (fun k => a (n + k)%nat * f (n + k)%nat)).
  - eapply Rle_trans; [apply Series_Rabs, ET|]. rewrite <- (is_series_unique _ _ G). apply Series_le; [|exact EG].
    intros k. split; [apply Rabs_pos | apply T].
  - destruct n as [|n].
    + simpl. rewrite Rminus_0_r. reflexivity.
    + rewrite (Series_incr_n (fun k => a k * f k) (S n)) by (lia || exact ES). simpl pred.
      assert (Q : forall k, sum_f_R0 (fun k => a k * f k) k = sum (fun k => a k * f k) (S k)).
      { induction k as [|k IH]; [simpl; ring|]. simpl sum_f_R0. rewrite IH. reflexivity. }
      rewrite Q. ring.
Qed.

(** The arcsine after n terms. *)
Theorem asin_tail : forall x n, Rabs x < 1 ->
  Rabs (asin x - sum (fun k => coefficient k * x ^ (2 * k + 1)) n) <= coefficient n * Rabs x ^ (2 * n + 1) / (1 - x ^ 2).
Proof.
  intros x n Hx. pose proof (Rabs_pos x) as P.
  destruct (tail_of_weights (fun k => coefficient k * Rabs x ^ (2 * k)) (fun k => x) (x ^ 2) (Rabs x) n) as [_ H].
  - pose proof (square_inside x Hx). pose proof (pow2_ge_0 x). rewrite Rabs_pos_eq in H; lra.
  - intros k. pose proof (coefficient_pos k). apply Rmult_le_pos; [lra | apply pow_le, P].
  - intros k. replace (2 * S k)%nat with (2 + 2 * k)%nat by lia. rewrite pow_add, pow2_abs.
    pose proof (coefficient_falls k). pose proof (pow2_ge_0 x). pose proof (pow_le _ (2 * k) P).
    rewrite <- Rmult_assoc, (Rmult_comm (coefficient (S k))), Rmult_assoc. apply Rmult_le_compat_l; [assumption|].
    apply Rmult_le_compat_r; assumption.
  - intros k _. apply Rle_refl.
  - assert (T : forall k, coefficient k * Rabs x ^ (2 * k) * x = coefficient k * x ^ (2 * k + 1)).
    { intros k. rewrite pow_add, !pow_mult, pow2_abs. ring. }
    rewrite (Series_ext _ _ T), (sum_ext _ _ n T), (is_series_unique _ _ (asin_series x Hx)) in H.
    rewrite pow_add, pow_1, <- Rmult_assoc. exact H.
Qed.

(** A sign's autocorrelation, the arcsine of a correlation that falls geometrically, is a mixture of geometric
    sequences; summed against powers of c they give the series T, and this is what its first n terms leave out. *)
Theorem mixture_tail : forall rho mode c n, 0 <= rho < 1 -> 0 <= mode <= 1 -> Rabs c < 1 ->
  let a := fun k => 2 / PI * coefficient k * rho ^ (2 * k + 1) in
  let f := fun k => / (1 - c * mode ^ (2 * k + 1)) in
  ex_series (fun k => a k * f k) /\
  Rabs (Series (fun k => a k * f k) - sum (fun k => a k * f k) n) <=
    a n * / (1 - Rabs c * mode ^ (2 * n + 1)) / (1 - rho ^ 2).
Proof.
  intros rho mode c n Hr Hm Hc a f. pose proof PI_RGT_0 as HPI. assert (H2 : 0 < 2 / PI) by (apply Rdiv_lt_0_compat; lra).
  assert (M : forall k, 0 <= mode ^ k <= 1).
  { intros k. split; [apply pow_le; lra|]. rewrite <- (pow1 k). apply pow_incr; lra. }
  assert (D : forall k, 0 < 1 - Rabs c * mode ^ k).
  { intros k. specialize (M k). pose proof (Rabs_pos c). nra. }
  apply tail_of_weights.
  - pose proof (pow2_ge_0 rho). nra.
  - intros k. unfold a. pose proof (coefficient_pos k). apply Rmult_le_pos; [|apply pow_le; lra]. apply Rlt_le, Rmult_lt_0_compat; lra.
  - intros k. unfold a. replace (2 * S k + 1)%nat with (2 + (2 * k + 1))%nat by lia. rewrite pow_add.
    pose proof (coefficient_falls k). assert (0 <= rho ^ 2 * rho ^ (2 * k + 1) * (2 / PI)).
    { repeat apply Rmult_le_pos; try lra; apply pow_le; lra. }
    pose proof (Rmult_le_compat_l _ _ _ H0 H). lra.
  - intros k Hk. unfold f. assert (Mk : mode ^ (2 * k + 1) <= mode ^ (2 * n + 1)).
    { replace (2 * k + 1)%nat with ((2 * n + 1) + (2 * (k - n)))%nat by lia. rewrite pow_add.
      pose proof (M (2 * n + 1)%nat). pose proof (M (2 * (k - n))%nat). nra. }
    pose proof (M (2 * k + 1)%nat). pose proof (Rabs_pos c). pose proof (Rle_abs c).
    assert (Q : 1 - Rabs c * mode ^ (2 * n + 1) <= 1 - c * mode ^ (2 * k + 1)) by nra.
    pose proof (D (2 * n + 1)%nat).
    rewrite Rabs_pos_eq by (apply Rlt_le, Rinv_0_lt_compat; lra). apply Rinv_le_contravar; lra.
Qed.
