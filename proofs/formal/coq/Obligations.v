(** The tactics that close generated lemmas, and nothing else: equations by field, inequalities by a difference
    whose numerator and denominator have nonnegative terms, side conditions from the hypotheses. *)
From Coq Require Export Reals Lra.
Open Scope R_scope.

Lemma le_by_quotient (l r n d : R) : 0 <= n -> 0 < d -> r - l = n / d -> l <= r.
Proof.
  intros Hn Hd E. assert (0 <= n / d); [|lra].
  apply Rmult_le_pos; [assumption|]. left. apply Rinv_0_lt_compat. assumption.
Qed.
Lemma positive_nonzero (x : R) : 0 < x -> x <> 0.
Proof. lra. Qed.
Lemma nonneg_nonzero (x : R) : 0 <= x -> x <> 0 -> 0 < x.
Proof. lra. Qed.
Lemma negative_nonzero (x y : R) : x <> 0 -> y = - x -> y <> 0.
Proof. lra. Qed.

Lemma exp_turned (x y : R) : x = - y -> exp x = / exp y.
Proof. intros ->. apply exp_Ropp. Qed.

Lemma nonneg_plus_positive (x y : R) : 0 < y -> 0 <= x -> 0 < x + y.
Proof. lra. Qed.

(** Signs by structure, from the hypotheses. The constant at the end of a sum is looked at before the terms before it,
    and lra, which reads every hypothesis, last. *)
Ltac nonneg := first
  [ assumption | apply (IZR_le 0); discriminate
  | apply pos_INR | apply Rlt_le; apply PI_RGT_0 | apply Rlt_le; apply exp_pos | apply sqrt_pos
  | apply pow_le; nonneg | apply Rmult_le_pos; nonneg | apply Rplus_le_le_0_compat; nonneg | lra ].
Ltac strict := first
  [ assumption | apply (IZR_lt 0); reflexivity
  | apply PI_RGT_0 | apply exp_pos | apply pow_lt; strict | apply sqrt_lt_R0; strict
  | apply Rmult_lt_0_compat; strict
  | apply nonneg_plus_positive; [strict | nonneg]
  | apply Rplus_lt_le_0_compat; [strict | nonneg] | lra
  | apply nonneg_nonzero; [nonneg | assumption] ].

(** x <> 0 from factors known not to vanish. *)
Ltac nonzero := first
  [ assumption | apply pow_nonzero; nonzero | apply Rmult_integral_contrapositive_currified; nonzero
  | apply Rinv_neq_0_compat; nonzero | apply positive_nonzero; strict | lra ].

(** The side conditions of field: hypotheses, up to the order of terms and the sign. *)
Ltac condition := first
  [ assumption
  | match goal with H : ?x <> 0 |- ?y <> 0 => first
      [ replace y with x by ring; exact H | apply (negative_nonzero x y H); ring ] end
  | nonzero ].
Ltac conditions := repeat match goal with |- _ /\ _ => split end; condition.
Ltac positive := apply positive_nonzero; strict.

(** Powers with a symbolic exponent become products of plain ones. *)
Ltac spread := rewrite ?pow_add, ?Rpow_mult_distr.
Ltac equation := first [ reflexivity | field; conditions | spread; field; conditions ].

(** An example's hypotheses at numbers. *)
Ltac meets := simpl; repeat match goal with |- _ /\ _ => split end; try exact I; lra.

(** Side conditions inside the book's domains, where every factor has its sign. *)
Lemma quotient_is (n d x : R) : d <> 0 -> n = x * d -> n / d = x.
Proof. intros Hd ->. field. exact Hd. Qed.
