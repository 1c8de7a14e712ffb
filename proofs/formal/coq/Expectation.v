(** Expectations where each step draws from finitely many outcomes, by a law that may depend on all earlier draws.

    A history lists the draws, the last one first: the outcomes of t steps are the histories of length t, and a
    random vector at time t is a function of them. *)
From Coq Require Import Reals Lra List.
From SphericalMotion Require Import Vectors.
Import ListNotations.
Open Scope R_scope.

Section Laws.
Context {O : Type}.
(** A law: probabilities and outcomes. *)
Fixpoint Ex (d : list (R * O)) (phi : O -> R) : R :=
  match d with [] => 0 | (p, o) :: d' => p * phi o + Ex d' phi end.
Record isprob (d : list (R * O)) : Prop := {
  wpos : forall p o, In (p, o) d -> 0 <= p;
  wsum : Ex d (fun _ => 1) = 1 }.

Lemma Ex_le d f k : isprob d -> (forall p o, In (p, o) d -> f o <= k o) -> Ex d f <= Ex d k.
Proof.
  intros [Hp _]. induction d as [|[p o] d IH]; simpl; intros H; [lra|]. apply Rplus_le_compat.
  - apply Rmult_le_compat_l; [apply (Hp p o) | apply (H p o)]; left; reflexivity.
  - apply IH; intros p' o' Hin; [apply (Hp p' o') | apply (H p' o')]; right; exact Hin.
Qed.
Lemma Ex_ext d f k : (forall p o, In (p, o) d -> f o = k o) -> Ex d f = Ex d k.
Proof.
  induction d as [|[p o] d IH]; simpl; intros H; [reflexivity|].
  rewrite (H p o) by (left; reflexivity). rewrite IH; [reflexivity|]. intros p' o' Hin. apply (H p' o'). right; exact Hin.
Qed.
Lemma Ex_lin d c f k g : Ex d (fun o => c * f o + k * g o) = c * Ex d f + k * Ex d g.
Proof. induction d as [|[p o] d IH]; simpl; [ring | rewrite IH; ring]. Qed.
Lemma Ex_scal d c f : Ex d (fun o => c * f o) = c * Ex d f.
Proof. induction d as [|[p o] d IH]; simpl; [ring | rewrite IH; ring]. Qed.
Lemma Ex_affine d c f k : isprob d -> Ex d (fun o => c * f o + k) = c * Ex d f + k.
Proof.
  intros H. rewrite (Ex_ext d _ (fun o => c * f o + k * 1)) by (intros; ring).
  rewrite Ex_lin, (wsum d H). ring.
Qed.
Lemma Ex_dot d n (g : O -> vec) (v : vec) : (forall i, (i < n)%nat -> Ex d (fun o => g o i) = 0) ->
  Ex d (fun o => dot n (g o) v) = 0.
Proof.
  induction n; simpl; intros H.
  - rewrite (Ex_ext d _ (fun _ => 0 * 0)) by (intros; ring). rewrite Ex_scal. ring.
  - rewrite (Ex_ext d _ (fun o => 1 * dot n (g o) v + v n * g o n)) by (intros; ring).
    rewrite Ex_lin, IHn, H by auto. ring.
Qed.

Variable law : list O -> list (R * O).
Inductive possible : list O -> Prop :=
  | at_start : possible []
  | drawn p o h : possible h -> In (p, o) (law h) -> possible (o :: h).
(** The mean after t steps, by conditioning on all but the last. *)
Fixpoint E (t : nat) (phi : list O -> R) : R :=
  match t with 0 => phi [] | S k => E k (fun h => Ex (law h) (fun o => phi (o :: h))) end.
(** The mean of what the next step draws. *)
Definition Enext (t : nat) (phi : list O -> O -> R) : R := E t (fun h => Ex (law h) (phi h)).

Lemma E_ext t : forall f k, (forall h, possible h -> length h = t -> f h = k h) -> E t f = E t k.
Proof.
  induction t; simpl; intros f k H; [apply H; [constructor | reflexivity]|].
  apply IHt. intros h Hh Hl. apply Ex_ext. intros p o Ho. apply H; [econstructor; eassumption | simpl; congruence].
Qed.
Lemma E_lin t : forall c f k g, E t (fun h => c * f h + k * g h) = c * E t f + k * E t g.
Proof.
  induction t; simpl; intros c f k g; [reflexivity|].
  rewrite <- IHt. apply E_ext. intros h _ _. apply Ex_lin.
Qed.
Hypothesis lawful : forall h, possible h -> isprob (law h).
Lemma E_le t : forall f k, (forall h, possible h -> length h = t -> f h <= k h) -> E t f <= E t k.
Proof.
  induction t; simpl; intros f k H; [apply H; [constructor | reflexivity]|].
  apply IHt. intros h Hh Hl. apply Ex_le; [apply lawful, Hh|].
  intros p o Ho. apply H; [econstructor; eassumption | simpl; congruence].
Qed.
Lemma E_const t : forall c, E t (fun _ => c) = c.
Proof.
  induction t; simpl; intros c; [reflexivity|].
  transitivity (E t (fun _ => c)); [|apply IHt]. apply E_ext. intros h Hh _.
  rewrite (Ex_ext (law h) _ (fun _ => c * 1)) by (intros; ring). rewrite Ex_scal, (wsum _ (lawful h Hh)). ring.
Qed.
Lemma E_affine t c f k : E t (fun h => c * f h + k) = c * E t f + k.
Proof.
  rewrite (E_ext t _ (fun h => c * f h + 1 * k)) by (intros; ring).
  rewrite (E_lin t c f 1 (fun _ => k)), E_const. ring.
Qed.
End Laws.
