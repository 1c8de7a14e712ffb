(** Coupled decay is a growing learning rate: the weights under decay are P times those of a run without.

    The gradient is of degree -1, g (c w) = g w / c; P and b are what decay alone makes of the weight 1 and the
    buffer 0.  Nothing is approximated and nothing is assumed of the gradient beyond its degree. *)
From Coq Require Import Reals Lra.
From SphericalMotion Require Import Vectors.
Open Scope R_scope.

Definition scaled (c : R) (u : vec) : vec := fun i => c * u i.
Definition degree_minus_one (g : vec -> vec) := forall c u, 0 < c -> forall i, g (scaled c u) i = g u i / c.

(** m' = al m + g(w) + lam w, w' = w - eta m', any schedule eta_t, lam_t *)
Theorem decay_is_a_schedule : forall (g : vec -> vec) (eta lam P b : nat -> R) (al : R) (w m : nat -> vec),
  degree_minus_one g ->
  (forall t i, m (S t) i = al * m t i + g (w t) i + lam t * w t i) ->
  (forall t i, w (S t) i = w t i - eta t * m (S t) i) ->
  (forall t, b (S t) = al * b t + lam t * P t) -> (forall t, P (S t) = P t - eta t * b (S t)) ->
  (forall t, 0 < P t) ->
  let v := fun t => scaled (/ P t) (w t) in
  let n := fun t i => P t * m t i - b t * w t i in
  forall t i, n (S t) i = al * n t i + g (v t) i /\
              v (S t) i = v t i - eta t / (P t * P (S t)) * n (S t) i.
Proof.
  intros g eta lam P b al w m Hg Hm Hw Hb HP Hpos v n t i.
  pose proof (Hpos t) as P0. pose proof (Hpos (S t)) as P1.
  assert (G : g (v t) i = P t * g (w t) i).
  { unfold v. rewrite Hg by (apply Rinv_0_lt_compat; exact P0). field. lra. }
  split.
  - unfold n. rewrite G, Hw, HP, Hm, Hb. ring.
  - unfold v, n, scaled.
    replace (w (S t) i) with (w t i - eta t * m (S t) i) by (symmetry; apply Hw).
    assert (E : eta t * b (S t) = P t - P (S t)) by (rewrite (HP t); ring).
    apply Rmult_eq_reg_l with (P t * P (S t)); [|apply Rmult_integral_contrapositive_currified; lra].
    transitivity (P t * (w t i - eta t * m (S t) i)); [field; lra|].
    transitivity (P (S t) * w t i - P (S t) * (eta t * m (S t) i) + (eta t * b (S t)) * (w t i - eta t * m (S t) i)).
    + rewrite E. ring.
    + field. lra.
Qed.

(** Without momentum and at constant rate and decay P = (1-p)^t, and the rate grows like (1-p)^(-2t). *)
Theorem exponential_rate : forall (g : vec -> vec) (eta lam : R) (w : nat -> vec),
  degree_minus_one g -> eta * lam < 1 ->
  (forall t i, w (S t) i = (1 - eta*lam) * w t i - eta * g (w t) i) ->
  let a := 1 - eta*lam in let v := fun t => scaled (/ a^t) (w t) in
  forall t i, v (S t) i = v t i - eta / a^(t + t + 1) * g (v t) i.
Proof.
  intros g eta lam w Hg Hp Hw a v t i.
  assert (Ha : 0 < a) by (unfold a; lra). assert (Ht : 0 < a^t) by (apply pow_lt; exact Ha).
  unfold v at 3. rewrite Hg by (apply Rinv_0_lt_compat; exact Ht).
  unfold v, scaled. rewrite Hw. fold a. rewrite !pow_add. simpl. field. split; lra.
Qed.
