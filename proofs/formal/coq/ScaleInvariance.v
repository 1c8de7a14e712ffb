(** Scale invariance makes gradient and weights orthogonal; SGD's norm recursion, its fixed point, the angle there.

    p = eta*lam, a = (1-p)^2, b = eta^2*L, x = |w|^2; the gradient's energy is |g|^2 = L/|w|^2. *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors.
Open Scope R_scope.

(** ** Scale invariance of F gives <grad F, w> = 0 (Euler) *)
Theorem scale_invariant_orth :
  forall (n : nat) (F : vec -> R) (w g : vec),
    (forall c, 0 < c -> F (vscal c w) = F w) ->
    is_derive (fun c => F (vscal c w)) 1 (dot n g w) ->   (* chain rule along the ray through w *)
    dot n g w = 0.
Proof.
  intros n F w g Hinv Hd.
  assert (H0 : is_derive (fun c => F (vscal c w)) 1 0).
  { apply (is_derive_ext_loc (fun _ => F w)).
    - exists (mkposreal (1/2) ltac:(lra)). intros y Hy.
      rewrite Hinv; [reflexivity|].
      unfold ball in Hy; simpl in Hy; unfold AbsRing_ball, abs, minus, plus, opp in Hy; simpl in Hy.
      apply Rabs_def2 in Hy. lra.
    - apply (is_derive_const (F w) 1). }
  rewrite <- (is_derive_unique _ _ _ Hd). exact (is_derive_unique _ _ _ H0).
Qed.

(** ** The step sgd_step = (1 - eta lam) w - eta g *)
Section Step.
Variables (n : nat) (eta lam L : R) (w g : vec).
Hypothesis Hw : 0 < dot n w w.
Hypothesis Horth : dot n w g = 0.
Hypothesis Hg : dot n g g = L / dot n w w.
Definition sgd_step := lin (1 - eta * lam) w (- eta) g.

Theorem norm_recursion :
  dot n sgd_step sgd_step = (1 - eta*lam)^2 * dot n w w + (eta^2 * L) / dot n w w.
Proof.
  unfold sgd_step. rewrite dot_lin_l, !dot_lin_r, (dot_sym n g w), Horth, Hg. field. lra.
Qed.

Theorem inner_recursion : dot n w sgd_step = (1 - eta*lam) * dot n w w.
Proof. unfold sgd_step. rewrite dot_lin_r, Horth. ring. Qed.


(** exact angle off equilibrium: cos^2 = a x / x' *)
Theorem cos_general : 0 < dot n sgd_step sgd_step ->
  cosangle n w sgd_step = (1 - eta*lam) * sqrt (dot n w w / dot n sgd_step sgd_step).
Proof.
  intros H. unfold cosangle. rewrite inner_recursion, sqrt_div_alt by lra.
  pose proof (sqrt_lt_R0 _ Hw). pose proof (sqrt_lt_R0 _ H).
  rewrite <- (sqrt_sqrt (dot n w w)) at 1 by lra. field. lra.
Qed.
End Step.

(** ** The norm map and its fixed point *)
Definition norm_map (a b x : R) := a * x + b / x.
Section Scalar.
Variables a b : R.
Hypothesis Ha : 0 < a < 1.
Hypothesis Hb : 0 < b.
Notation f := (norm_map a b).
Definition xstar := sqrt (b / (1 - a)).

Lemma ratio_pos : 0 < b / (1 - a).
Proof. apply Rdiv_lt_0_compat; lra. Qed.
Lemma xstar_pos : 0 < xstar.
Proof. apply sqrt_lt_R0, ratio_pos. Qed.
Lemma xstar_eq : xstar * xstar * (1 - a) = b.
Proof. unfold xstar. rewrite sqrt_sqrt by (pose proof ratio_pos; lra). field. lra. Qed.

Theorem fixed_point_iff : forall x, 0 < x -> (f x = x <-> x = xstar).
Proof.
  intros x Hx. pose proof xstar_pos as Hs. pose proof xstar_eq as He. unfold norm_map. split.
  - intros H. assert (Hxx : x * x * (1 - a) = b).
    { assert (b / x = x - a * x) by lra. apply (f_equal (fun t => t * x)) in H0.
      unfold Rdiv in H0. rewrite Rmult_assoc, Rinv_l, Rmult_1_r in H0 by lra. lra. }
    assert ((x - xstar) * ((x + xstar) * (1 - a)) = 0) by nra.
    apply Rmult_integral in H0. destruct H0; [lra | nra].
  - intros ->. rewrite <- He at 1. field. lra.
Qed.

Theorem f_derive : forall x, x <> 0 -> is_derive f x (a - b / (x * x)).
Proof. intros x Hx. unfold norm_map. auto_derive; [auto | field; auto]. Qed.

Theorem f_derive_star : is_derive f xstar (2 * a - 1).
Proof.
  pose proof xstar_pos as Hs. replace (2*a-1) with (a - b/(xstar*xstar)).
  - apply f_derive; lra.
  - rewrite <- xstar_eq. field. lra.
Qed.
End Scalar.

(** ** Equilibrium: |w|^2 = x*  ==>  |sgd_step| = |w| and cos(Delta) = 1 - eta lam exactly *)
Theorem equilibrium_angle :
  forall (n : nat) (eta lam L : R) (w g : vec),
    0 < eta -> 0 < lam -> eta * lam < 1 -> 0 < L ->
    dot n w g = 0 -> dot n g g = L / dot n w w ->
    dot n w w = xstar ((1 - eta*lam)^2) (eta^2 * L) ->
    let v := sgd_step eta lam w g in
    dot n v v = dot n w w /\ cosangle n w v = 1 - eta * lam.
Proof.
  intros n eta lam L w g He Hl Hel HL Ho Hg Hx v.
  assert (Hp : 0 < eta*lam) by nra.
  assert (Ha : 0 < (1-eta*lam)^2 < 1) by nra.
  assert (Hb : 0 < eta^2*L) by (apply Rmult_lt_0_compat; nra).
  pose proof (xstar_pos _ _ Ha Hb) as Hs.
  assert (Hw : 0 < dot n w w) by lra.
  assert (Hv : dot n v v = dot n w w).
  { unfold v. rewrite (norm_recursion n eta lam L w g Hw Ho Hg).
    apply (proj2 (fixed_point_iff _ _ Ha Hb _ Hw)). exact Hx. }
  split; [exact Hv|].
  unfold v at 1. rewrite (cos_general n eta lam w g Hw Ho) by (fold v; lra).
  fold v. rewrite Hv. unfold Rdiv. rewrite Rinv_r by lra. rewrite sqrt_1. ring.
Qed.

