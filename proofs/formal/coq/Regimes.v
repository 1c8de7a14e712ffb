(** The three regimes: one step of a group of the toy function, its threshold and its two-cycle, and when lengths
    exist at which every minimum attracts.

    h is the tangent of the angle from the minimum, c = (curvature) (learning rate) / length^2. *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors.
Open Scope R_scope.

Definition toy_step (c h : R) := - h * (2*c - h^2 - 1) / (2*c*h^2 + h^2 + 1).
Lemma toy_denominator c h : 0 < c -> 0 < 2*c*h^2 + h^2 + 1.
Proof. intros Hc. pose proof (pow2_ge_0 h). assert (0 <= 2*c*h^2) by (apply Rmult_le_pos; lra). lra. Qed.

Theorem toy_multiplier : forall c, is_derive (toy_step c) 0 (1 - 2*c).
Proof. intros c. unfold toy_step. auto_derive; [lra | field]. Qed.

(** Up to the threshold every step shrinks |h|, beyond it the minimum repels. *)
Theorem toy_shrinks : forall c h, 0 < c <= 1 -> h <> 0 -> Rabs (toy_step c h) < Rabs h.
Proof.
  intros c h Hc Hh. pose proof (toy_denominator c h ltac:(lra)) as HD. pose proof (pow2_gt_0 h Hh) as Hs.
  unfold toy_step. replace (- h * (2*c - h^2 - 1) / (2*c*h^2 + h^2 + 1)) with (h * ((1 + h^2 - 2*c) / (2*c*h^2 + h^2 + 1))) by (field; lra).
  rewrite Rabs_mult. rewrite <- (Rmult_1_r (Rabs h)) at 2. apply Rmult_lt_compat_l; [apply Rabs_pos_lt; exact Hh|].
  assert (0 < c*h^2) by (apply Rmult_lt_0_compat; lra).
  apply Rabs_def1.
  - apply Rlt_div_l; lra.
  - apply Rlt_div_r; lra.
Qed.
Theorem toy_attracts_iff : forall c, 0 < c -> (Rabs (1 - 2*c) < 1 <-> c < 1).
Proof.
  intros c Hc. split; intros H.
  - apply Rabs_def2 in H. lra.
  - apply Rabs_def1; lra.
Qed.
(** Only beyond the threshold there is a step to the mirror image, at one h^2. *)
Theorem toy_two_cycle : forall c h, 0 < c -> h <> 0 -> (toy_step c h = - h <-> h^2 = (c - 1) / (c + 1)).
Proof.
  intros c h Hc Hh. pose proof (toy_denominator c h Hc) as HD. unfold toy_step. split; intros H.
  - apply Rmult_eq_reg_r with (c + 1); [|lra]. replace ((c-1)/(c+1)*(c+1)) with (c-1) by (field; lra).
    apply (f_equal (fun x => x * (2*c*h^2 + h^2 + 1))) in H.
    replace (- h * (2*c - h^2 - 1) / (2*c*h^2 + h^2 + 1) * (2*c*h^2 + h^2 + 1)) with (- h * (2*c - h^2 - 1)) in H by (field; lra).
    assert (E : h * (2*c - h^2 - 1 - (2*c*h^2 + h^2 + 1)) = 0) by lra.
    apply Rmult_integral in E. destruct E; [contradiction | lra].
  - apply (f_equal (fun x => x * (c + 1))) in H. replace ((c-1)/(c+1)*(c+1)) with (c-1) in H by (field; lra).
    apply Rmult_eq_reg_r with (2*c*h^2 + h^2 + 1); [|lra].
    replace (- h * (2*c - h^2 - 1) / (2*c*h^2 + h^2 + 1) * (2*c*h^2 + h^2 + 1)) with (- h * (2*c - h^2 - 1)) by (field; lra).
    replace (2*c*h^2 + h^2 + 1) with (2*c - h^2 - 1) by lra. reflexivity.
Qed.

Lemma sum_lt f g n : (forall i, (i < S n)%nat -> f i < g i) -> sum f (S n) < sum g (S n).
Proof.
  induction n; intros H; [simpl; pose proof (H O ltac:(auto)); lra|].
  change (sum f (S n) + f (S n) < sum g (S n) + g (S n)). apply Rplus_lt_compat; [apply IHn; intros; apply H; auto | apply H; auto].
Qed.
Lemma sum_scal c f n : sum (fun i => c * f i) n = c * sum f n.
Proof. induction n; simpl; [ring | rewrite IHn; ring]. Qed.
Lemma sum_pos f n : (forall i, (i < S n)%nat -> 0 < f i) -> 0 < sum f (S n).
Proof.
  induction n; intros H; [simpl; pose proof (H O ltac:(auto)); lra|].
  change (0 < sum f (S n) + f (S n)). apply Rplus_lt_0_compat; [apply IHn; intros; apply H; auto | apply H; auto].
Qed.

(** Squared lengths on the unit sphere at which every group is below its threshold exist exactly when lr < 1/K. *)
Theorem lengths_below_threshold : forall (n : nat) (kappa : nat -> R) (lr : R), 0 < lr ->
  (forall i, (i < S n)%nat -> 0 < kappa i) ->
  ((exists rho : nat -> R, (forall i, (i < S n)%nat -> 0 < rho i /\ kappa i * lr / rho i < 1) /\ sum rho (S n) = 1)
   <-> lr < 1 / sum kappa (S n)).
Proof.
  intros n kappa lr Hl Hk. pose proof (sum_pos kappa n Hk) as HK. set (K := sum kappa (S n)) in *. split.
  - intros [rho [H Hs]]. apply Rlt_div_r; [exact HK|]. rewrite <- Hs. unfold K. rewrite <- sum_scal.
    apply sum_lt. intros i Hi. destruct (H i Hi) as [Hr Hc]. apply Rlt_div_l in Hc; lra.
  - intros H. apply Rlt_div_r in H; [|exact HK]. exists (fun i => / K * kappa i). split.
    + intros i Hi. pose proof (Hk i Hi) as Hki. split.
      * apply Rmult_lt_0_compat; [apply Rinv_0_lt_compat; exact HK | exact Hki].
      * replace (kappa i * lr / (/ K * kappa i)) with (lr * K) by (field; lra). exact H.
    + rewrite sum_scal. fold K. field. lra.
Qed.
