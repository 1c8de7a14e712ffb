(** The headline theorems' hypotheses are met by concrete instances. *)
From Coq Require Import Reals Lra List. Import ListNotations.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors HeavyBall HeavyBallGlobal StochasticNorm.
Open Scope R_scope.
(** SGDM, al = 0.9, eta lam = 1e-5, cold start m0 = 0, |w0|^2 = 1, any xs *)
Example sgdm_cold_start : exists Cst rho, 0 <= Cst /\ 0 <= rho < 1 /\
  forall t, Rabs (sA (Nat.iter (t+2) (step (9/10) (1/100000) 7) (mk 1 0 0)) - 7) <= Cst * rho^(t/4).
Proof.
  apply gram_converges; try lra; simpl; try lra. intros s t. unfold q, qf; simpl. nra.
Qed.
(** S5 with a two-point law z in {b/2, 3b/2} *)
Example two_point_noise : forall T x0, 1 <= x0 ->
  let law := fun _ : list R => [(1/2, 1/20); (1/2, 3/20)] in
  EV (9/10) law T [] x0 (fun x => (x-1)*(x-1)) <= (9/10*(9/10))^T*((x0-1)*(x0-1)) + 1^2*(1/400)/((1/20)*(1+9/10))*(1-(9/10*(9/10))^T).
Proof.
  intros T x0 Hx0 law.
  pose proof (sgd_mean_square (9/10) 1 (sqrt (1/2)) (1/400) 1 (1/20) law) as H.
  assert (Hs : sqrt (1/2) * sqrt (1/2) = 1/2) by (apply sqrt_sqrt; lra).
  assert (Hp : 0 < sqrt (1/2)) by (apply sqrt_lt_R0; lra).
  assert (B1 : 1/9 <= sqrt (1/2)) by nra. assert (B2 : sqrt (1/2) <= 1) by nra.
  set (r := sqrt (1/2)) in *.
  apply H; clear H; try lra.
  - intros h. split; [intros w z [E|[E|[]]]; injection E; intros; lra | simpl; lra].
  - intros h w z [E|[E|[]]]; injection E; intros; simpl; lra.
  - intros h. simpl. lra.
  - intros h. simpl. lra.
Qed.
