(** The headline theorems' hypotheses are met by concrete instances. *)
From Coq Require Import Reals Lra List. Import ListNotations.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors HeavyBall HeavyBallGlobal StochasticNorm Headlines Moments ExponentialRate.
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

(** Heavy ball at rest at eta = lambda = 1/10, alpha = 9/10 *)
Example sgdm_rests : exists L A B C, 0 < L /\ 0 < A /\ stationary (sgdm (1/10) (1/10) (9/10) 0) (L / A) A B C.
Proof.
  exists (379/1900), 1, (-1/19), (20/19). unfold stationary, nextA, nextB, nextC, sgdm; cbn [ww wm wg mw mm mg].
  repeat split; lra.
Qed.
(** A gradient of degree -1 *)
Example inverse_gradient : degree_minus_one (fun u _ => / u O).
Proof. intros c u Hc i. unfold scaled, Rdiv. rewrite Rinv_mult. ring. Qed.
(** A run of SGD in the plane: the gradient is the weights turned by a right angle, over their squared norm *)
Definition turned (w : vec) : vec := fun i => match i with O => - w 1%nat | S O => w O | _ => 0 end.
Definition plane (t : nat) : vec := Nat.iter t
  (fun w => lin (1 - 1/10*(1/10)) w (-(1/10)) (lin (/ dot 2 w w) (turned w) 0 w)) (fun _ => 1).
Example a_run_of_sgd : sgd_run 2 (1/10) (1/10) 1 plane (fun t => lin (/ dot 2 (plane t) (plane t)) (turned (plane t)) 0 (plane t)).
Proof.
  assert (P : forall t, 0 < dot 2 (plane t) (plane t)).
  { induction t as [|t IH]; [unfold plane; simpl; lra|].
    change (plane (S t)) with (lin (1 - 1/10*(1/10)) (plane t) (-(1/10)) (lin (/ dot 2 (plane t) (plane t)) (turned (plane t)) 0 (plane t))).
    set (w := plane t) in *. set (k := / dot 2 w w). simpl dot in IH |- *. unfold lin, turned.
    set (x := w O) in *. set (y := w 1%nat) in *.
    replace (0 + _ * _ + _ * _) with ((99*99/10000 + k*k/100) * (0 + x*x + y*y)) by field.
    apply Rmult_lt_0_compat; [|exact IH]. pose proof (Rle_0_sqr k). unfold Rsqr in *. lra. }
  unfold sgd_run. repeat split; try lra; try (intros t; specialize (P t)).
  - apply P.
  - simpl. unfold lin, turned. ring.
  - set (w := plane t) in *. simpl dot in *. unfold lin, turned. field. lra.
Qed.
