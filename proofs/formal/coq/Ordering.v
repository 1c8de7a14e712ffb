(** Any linear optimizer under any schedule: two initialisations within a factor K of each other stay so.

    X_t : V -> R is the Gram quadratic form, X_t e = |w_t|^2; step F_t, noise form N_t, energy b_t/|w|^2. *)
From Coq Require Import Reals Lra Psatz.
Open Scope R_scope.
Section Gen.
Variable V : Type.
Variable e : V.
Variable F : nat -> V -> V.
Variable N : nat -> V -> R.
Variable b : nat -> R.
Hypothesis HN : forall t v, 0 <= N t v.
Hypothesis Hb : forall t, 0 < b t.
Definition gstep (t : nat) (X : V -> R) : V -> R := fun v => X (F t v) + b t / X e * N t v.
Fixpoint traj (t : nat) (X : V -> R) : V -> R := match t with O => X | S t' => gstep t' (traj t' X) end.
Definition close (K : R) (X Y : V -> R) := forall v, X v <= K * Y v /\ Y v <= K * X v.
Lemma gstep_close K t X Y : 1 <= K -> 0 < X e -> 0 < Y e -> close K X Y -> close K (gstep t X) (gstep t Y).
Proof.
  intros HK HX HY H v. unfold gstep. destruct (H (F t v)) as [H1 H2]. destruct (H e) as [E1 E2].
  pose proof (HN t v). pose proof (Hb t).
  assert (A1 : b t / X e <= K * (b t / Y e)).
  { apply Rmult_le_reg_r with (X e * Y e); [apply Rmult_lt_0_compat; lra|].
    replace (b t / X e * (X e * Y e)) with (b t * Y e) by (field; lra).
    replace (K * (b t / Y e) * (X e * Y e)) with (b t * (K * X e)) by (field; lra).
    apply Rmult_le_compat_l; lra. }
  assert (A2 : b t / Y e <= K * (b t / X e)).
  { apply Rmult_le_reg_r with (X e * Y e); [apply Rmult_lt_0_compat; lra|].
    replace (b t / Y e * (X e * Y e)) with (b t * X e) by (field; lra).
    replace (K * (b t / X e) * (X e * Y e)) with (b t * (K * Y e)) by (field; lra).
    apply Rmult_le_compat_l; lra. }
  split.
  - assert (b t / X e * N t v <= K * (b t / Y e) * N t v) by (apply Rmult_le_compat_r; assumption). lra.
  - assert (b t / Y e * N t v <= K * (b t / X e) * N t v) by (apply Rmult_le_compat_r; assumption). lra.
Qed.
Theorem schedules_nonexpansive K X Y : 1 <= K -> close K X Y ->
  (forall t, 0 < traj t X e) -> (forall t, 0 < traj t Y e) ->
  forall t, close K (traj t X) (traj t Y).
Proof. intros HK H HX HY t. induction t; simpl; [exact H|]. apply gstep_close; auto. Qed.
End Gen.
