(** Vectors of dimension n as functions nat -> R, the Euclidean inner product, the cosine of an angle; sums. *)
From Coq Require Import Reals Lra Psatz.
Open Scope R_scope.

Definition vec := nat -> R.
Fixpoint dot (n : nat) (u v : vec) : R :=
  match n with O => 0 | S k => dot k u v + u k * v k end.
Definition lin (c : R) (u : vec) (d : R) (v : vec) : vec := fun i => c * u i + d * v i.
Definition vscal (c : R) (u : vec) : vec := fun i => c * u i.

Lemma dot_sym n u v : dot n u v = dot n v u.
Proof. induction n; simpl; [ring | rewrite IHn; ring]. Qed.
Lemma dot_lin_l n c u d v w : dot n (lin c u d v) w = c * dot n u w + d * dot n v w.
Proof. induction n; simpl; [ring | rewrite IHn; unfold lin; ring]. Qed.
Lemma dot_lin_r n c u d v w : dot n w (lin c u d v) = c * dot n w u + d * dot n w v.
Proof. rewrite dot_sym, dot_lin_l, (dot_sym n u), (dot_sym n v); ring. Qed.
Lemma dot_pos n u : 0 <= dot n u u.
Proof. induction n; simpl; [lra | nra]. Qed.
Definition cosangle (n : nat) (u v : vec) := dot n u v / (sqrt (dot n u u) * sqrt (dot n v v)).

(** The sum of the first n terms. *)
Fixpoint sum (f : nat -> R) (n : nat) : R := match n with O => 0 | S k => sum f k + f k end.
Lemma sum_ext f g n : (forall k, f k = g k) -> sum f n = sum g n.
Proof. intros H. induction n; simpl; [reflexivity | rewrite IHn, H; reflexivity]. Qed.
