(** Numbers and boxes by interval arithmetic. *)
From Coq Require Import Reals Lra.
From Interval Require Import Tactic.
Open Scope R_scope.
(** angle with cosine c in (0,1] is atan(sqrt(1-c^2)/c) *)
Lemma acos_by_atan c : 0 < c <= 1 -> acos c = atan (sqrt (1 - c^2) / c).
Proof. intros H. rewrite acos_atan by lra. unfold Rsqr. f_equal. f_equal. f_equal. ring. Qed.

(** ResNet-50 recipe: eta=0.1, lambda=1e-4, momentum 0.9 : 0.18589 deg per step *)
Lemma resnet_recipe_angle : Rabs (acos (1 - 1/100000/(1+9/10)) * 180 / PI - 185893/1000000) <= 1/1000000.
Proof. rewrite acos_by_atan by lra. interval with (i_prec 80). Qed.
(** AdamW: eta=6e-4, lambda=0.1, beta1=0.9 : cos=(q+be)/(1+q be) *)
Lemma adamw_recipe_angle : let q := 1 - 6/100000 in
  Rabs (acos ((q + 9/10)/(1+q*(9/10))) * 180 / PI - 143993451/1000000000) <= 1/1000000000.
Proof. intros q. rewrite acos_by_atan by (unfold q; lra). unfold q. interval with (i_prec 80). Qed.
(** sqrt(2p) approximates the exact equilibrium angle acos(1-p) with relative error in [0, p/11] on a box *)
Lemma small_angle_lo : forall p, 1/1000 <= p <= 1/10 -> 0 <= acos (1-p) / sqrt (2*p) - 1.
Proof. intros p Hp. rewrite acos_by_atan by lra. interval with (i_bisect p, i_taylor p, i_degree 8, i_prec 90, i_depth 30). Qed.
Lemma small_angle_hi : forall p, 1/1000 <= p <= 1/10 -> 0 <= p/11 - (acos (1-p) / sqrt (2*p) - 1).
Proof. intros p Hp. rewrite acos_by_atan by lra. interval with (i_bisect p, i_taylor p, i_degree 8, i_prec 90, i_depth 30). Qed.
(** sharp contraction factor is a on [0.35,0.9999] : sqrt((1-a)/(4a)) <= 2a *)
Lemma rho_box : forall a, 35/100 <= a <= 9999/10000 -> sqrt ((1-a)/(4*a)) <= 2*a.
Proof. intros a Ha. apply Rminus_le. interval with (i_bisect a, i_depth 25). Qed.
(** Jury quantity D1 positive on a 2-D box, pure interval bisection *)
Lemma jury_box : forall al p, 0 <= al <= 95/100 -> 0 <= p <= 1 ->
  (1+al)^2*(1-al)*(1-al^3) + 2*al^2*p*(2*(1+al)-p) >= 1/1000.
Proof. intros al p H1 H2. apply Rle_ge. interval with (i_bisect al, i_bisect p, i_depth 20). Qed.
