(** The headline theorems' hypotheses are met by concrete instances. *)
From Coq Require Import Reals Lra List. Import ListNotations.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors HeavyBall HeavyBallGlobal Expectation StochasticNorm WhiteNoise Headlines Moments ExponentialRate.
Open Scope R_scope.
(** SGDM, al = 0.9, eta lam = 1e-5, cold start m0 = 0, |w0|^2 = 1, any xs *)
Example sgdm_cold_start : exists Cst rho, 0 <= Cst /\ 0 <= rho < 1 /\
  forall t, Rabs (sA (Nat.iter (t+2) (step (9/10) (1/100000) 7) (mk 1 0 0)) - 7) <= Cst * rho^(t/4).
Proof.
  apply gram_converges; try lra; simpl; try lra. intros s t. unfold q, qf; simpl. nra.
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

(** ** Random runs: a fair coin at every step *)
Definition coin : list (R * bool) := [(1/2, true); (1/2, false)].
Lemma coin_is_fair : isprob coin.
Proof. split; [intros p o [E|[E|[]]]; injection E; intros; lra | simpl; lra]. Qed.
(** SGD in the plane with energy 1/4 or 7/4 *)
Definition kick (o : bool) : R := if o then 1/2 else sqrt (7/4).
Definition tossed_gradient (w : vec) (o : bool) : vec := lin (kick o / dot 2 w w) (turned w) 0 w.
Fixpoint tossed (h : list bool) : vec :=
  match h with [] => fun _ => 1 | o :: k => lin (1 - 1/10*(1/10)) (tossed k) (-(1/10)) (tossed_gradient (tossed k) o) end.
Lemma two_point_energy : forall w o, 0 < dot 2 w w ->
  dot 2 (tossed_gradient w o) w = 0 /\ dot 2 (tossed_gradient w o) (tossed_gradient w o) * dot 2 w w = kick o * kick o.
Proof. intros w o H. unfold tossed_gradient. simpl dot in *. unfold lin, turned. split; [ring | field; lra]. Qed.
Example two_point_noise : noisy_run (fun _ => coin) 2 (1/10) (1/10) 1 (1/4) (9/16) tossed (fun h => tossed_gradient (tossed h)) /\
  (1 - (1 - 1/10*(1/10))^2) * 1 <= 16 * ((1 - 1/10*(1/10))^2)^3 * (1/4).
Proof.
  assert (K : sqrt (7/4) * sqrt (7/4) = 7/4) by (apply sqrt_sqrt; lra).
  assert (P : forall h, 0 < dot 2 (tossed h) (tossed h)).
  { induction h as [|o h IH]; [simpl; lra|].
    change (tossed (o :: h)) with (lin (1 - 1/10*(1/10)) (tossed h) (-(1/10)) (tossed_gradient (tossed h) o)).
    destruct (two_point_energy (tossed h) o IH) as [Ho _]. repeat rewrite ?dot_lin_l, ?dot_lin_r.
    rewrite (dot_sym 2 (tossed h) (tossed_gradient (tossed h) o)), Ho. pose proof (dot_pos 2 (tossed_gradient (tossed h) o)). lra. }
  assert (N : forall h o, noisy 2 tossed (fun h => tossed_gradient (tossed h)) h o = kick o * kick o).
  { intros h o. apply (two_point_energy (tossed h) o (P h)). }
  split; [|simpl; lra]. unfold noisy_run. split; [intros; apply coin_is_fair|]. split; [reflexivity|]. split.
  - intros h p o _ _. rewrite N. split; [apply two_point_energy, P|]. destruct o; unfold kick; lra.
  - intros h _. unfold coin. cbn [Ex]. rewrite !N. unfold kick. rewrite K. lra.
Qed.
(** AdamW in one dimension with gradients of either sign *)
Fixpoint signs (h : list bool) : vec * vec :=
  match h with
  | [] => (fun _ => 0, fun _ => 0)
  | o :: k => let g := fun _ : nat => if o then 1 else -1 in
              (weights (adamw (1/10) (1/10) (9/10)) (fst (signs k)) (snd (signs k)) g,
               buffer (adamw (1/10) (1/10) (9/10)) (fst (signs k)) (snd (signs k)) g)
  end.
Example a_white_run : exists w m g, white_run (fun _ => coin) 1 (adamw (1/10) (1/10) (9/10)) w m g /\
  forall t, mom_energy (fun _ => coin) 1 g t = 1.
Proof.
  exists (fun h => fst (signs h)), (fun h => snd (signs h)), (fun (_ : list bool) (o : bool) (_ : nat) => if o then 1 else -1). split.
  - split; [intros; apply coin_is_fair|]. split; [reflexivity|]. split; [reflexivity|]. intros h _ i _. simpl. lra.
  - intros t. unfold mom_energy, Enext. rewrite (E_ext _ t _ (fun _ => 1)) by (intros; simpl; lra).
    apply E_const. intros; apply coin_is_fair.
Qed.
