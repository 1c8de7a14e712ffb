(** Rules linear in weights, buffer and gradient: second moments, their one fixed point, the cosine there, and
    the angle that no correlation of the gradients moves.

    A random vector of finitely many outcomes is a vector with a coordinate for every outcome and entry, weighted
    by the outcome's probability: [mean] is E<u,v>; with all weights 1 it is the inner product of one trajectory. *)
From Coq Require Import Reals Lra Psatz.
From SphericalMotion Require Import Vectors Obligations.
Open Scope R_scope.

Fixpoint mean (P : nat -> R) (n : nat) (u v : vec) : R :=
  match n with O => 0 | S k => mean P k u v + P k * u k * v k end.
Lemma mean_sym P n u v : mean P n u v = mean P n v u.
Proof. induction n; simpl; [reflexivity | rewrite IHn; ring]. Qed.
Lemma mean_lin P n c u d v w : mean P n (lin c u d v) w = c * mean P n u w + d * mean P n v w.
Proof. induction n; simpl; [ring | rewrite IHn; unfold lin; ring]. Qed.
Lemma mean_lin_r P n c u d v w : mean P n w (lin c u d v) = c * mean P n w u + d * mean P n w v.
Proof. rewrite mean_sym, mean_lin, (mean_sym P n u), (mean_sym P n v). ring. Qed.
Lemma mean_ext P n u v w : (forall i, u i = v i) -> mean P n u w = mean P n v w.
Proof. intros E. induction n; simpl; [reflexivity | rewrite IHn, E; reflexivity]. Qed.
Lemma mean_dot n u v : mean (fun _ => 1) n u v = dot n u v.
Proof. induction n; simpl; [reflexivity | rewrite IHn; ring]. Qed.

(** A rule w' = a w + b m + x g, m' = c w + d m + y g. *)
Record rule := Rule { ww : R; wm : R; wg : R; mw : R; mm : R; mg : R }.
Definition weights (r : rule) (w m g : vec) := lin 1 (lin (ww r) w (wm r) m) (wg r) g.
Definition buffer (r : rule) (w m g : vec) := lin 1 (lin (mw r) w (mm r) m) (mg r) g.

(** The moments A = E|w|^2, B = E<w,m>, C = E|m|^2 after a step with gradients of energy q. *)
Definition nextA (r : rule) (q A B C : R) := (ww r)^2*A + 2*(ww r)*(wm r)*B + (wm r)^2*C + (wg r)^2*q.
Definition nextB (r : rule) (q A B C : R) :=
  (ww r)*(mw r)*A + ((ww r)*(mm r) + (wm r)*(mw r))*B + (wm r)*(mm r)*C + (wg r)*(mg r)*q.
Definition nextC (r : rule) (q A B C : R) := (mw r)^2*A + 2*(mw r)*(mm r)*B + (mm r)^2*C + (mg r)^2*q.
Definition cosine (r : rule) (A B : R) := ((ww r)*A + (wm r)*B) / A.

Theorem moments_of_a_step : forall (r : rule) (P : nat -> R) (n : nat) (w m g : vec) (q : R),
  mean P n g w = 0 -> mean P n g m = 0 -> mean P n g g = q ->
  let w' := weights r w m g in let m' := buffer r w m g in
  let A := mean P n w w in let B := mean P n w m in let C := mean P n m m in
  mean P n w' w' = nextA r q A B C /\ mean P n w' m' = nextB r q A B C /\ mean P n m' m' = nextC r q A B C /\
  mean P n w w' = (ww r)*A + (wm r)*B.
Proof.
  intros r P n w m g q Hw Hm Hg w' m' A B C.
  unfold w', m', A, B, C, weights, buffer, nextA, nextB, nextC.
  repeat rewrite ?mean_lin, ?mean_lin_r.
  rewrite (mean_sym P n w g), (mean_sym P n m g), (mean_sym P n m w), Hw, Hm, Hg. repeat split; ring.
Qed.

Definition stationary (r : rule) (q A B C : R) := nextA r q A B C = A /\ nextB r q A B C = B /\ nextC r q A B C = C.
Definition det (r : rule) := (ww r)*(mm r) - (wm r)*(mw r).
Definition resonance (r : rule) := (1 - det r) * ((1 + det r)^2 - (ww r + mm r)^2).

(** Off the resonance the moments have one fixed point; solved by the adjugate of the 3x3 system. *)
Definition numA (r : rule) := let (a, b, x, c, d, y) := r in
  (a*d^3 - a*d - b*c*d^2 - b*c - d^2 + 1)*x^2 - 2*b*(a*d^2 - a - b*c*d)*(x*y) + b^2*(a*d - b*c + 1)*y^2.
Definition numB (r : rule) := let (a, b, x, c, d, y) := r in
  - c*(a*d^2 - a - b*c*d)*x^2 + (a^2*d^2 - a^2 - b^2*c^2 - d^2 + 1)*(x*y) - b*(a^2*d - a*b*c - d)*y^2.
Definition numC (r : rule) := let (a, b, x, c, d, y) := r in
  c^2*(a*d - b*c + 1)*x^2 - 2*c*(a^2*d - a*b*c - d)*(x*y) + (a^3*d - a^2*b*c - a^2 - a*d - b*c + 1)*y^2.
Definition fixedA (r : rule) (q : R) := q * numA r / resonance r.
Definition fixedB (r : rule) (q : R) := q * numB r / resonance r.
Definition fixedC (r : rule) (q : R) := q * numC r / resonance r.

Theorem one_fixed_point : forall (r : rule) (q A B C : R), resonance r <> 0 ->
  (stationary r q A B C <-> A = fixedA r q /\ B = fixedB r q /\ C = fixedC r q).
Proof.
  intros [a b x c d y] q A B C. unfold stationary, nextA, nextB, nextC, fixedA, fixedB, fixedC, numA, numB, numC, resonance, det.
  cbn [ww wm wg mw mm mg].
  intros HD. destruct (Rmult_neq_0_reg _ _ HD) as [H1 H2].
  set (D := (1 - (a*d - b*c)) * ((1 + (a*d - b*c))^2 - (a + d)^2)).
  assert (Q : forall X N, X * D = N -> X = N / D).
  { intros X N H. rewrite <- H. unfold D. field. conditions. }
  split.
  - intros [E1 [E2 E3]].
    pose proof (Rminus_diag_eq _ _ E1) as F1.
    pose proof (Rminus_diag_eq _ _ E2) as F2. pose proof (Rminus_diag_eq _ _ E3) as F3.
    match type of F1 with ?t = 0 => set (R1 := t) in * end.
    match type of F2 with ?t = 0 => set (R2 := t) in * end.
    match type of F3 with ?t = 0 => set (R3 := t) in * end.
    repeat split; apply Q.
    + transitivity (A*D + ((a*d^3 - a*d - b*c*d^2 - b*c - d^2 + 1)*R1 - 2*b*(a*d^2 - a - b*c*d)*R2 + b^2*(a*d - b*c + 1)*R3)).
      { rewrite F1, F2, F3. ring. } unfold R1, R2, R3, D. ring.
    + transitivity (B*D + (- c*(a*d^2 - a - b*c*d)*R1 + (a^2*d^2 - a^2 - b^2*c^2 - d^2 + 1)*R2 - b*(a^2*d - a*b*c - d)*R3)).
      { rewrite F1, F2, F3. ring. } unfold R1, R2, R3, D. ring.
    + transitivity (C*D + (c^2*(a*d - b*c + 1)*R1 - 2*c*(a^2*d - a*b*c - d)*R2 + (a^3*d - a^2*b*c - a^2 - a*d - b*c + 1)*R3)).
      { rewrite F1, F2, F3. ring. } unfold R1, R2, R3, D. ring.
  - intros [-> [-> ->]]. unfold D. repeat split; field; conditions.
Qed.

(** What follows for norm and angle: with energy L/A the square of A, and the cosine whatever the energy. *)
Lemma norm_at_energy (r : rule) (L A B C : R) : resonance r <> 0 -> 0 < A -> stationary r (L / A) A B C ->
  A^2 = L * numA r / resonance r.
Proof.
  intros HR HA H. apply one_fixed_point in H; [|exact HR]. destruct H as [E _]. unfold fixedA in E.
  replace (A^2) with (A * A) by ring. rewrite E at 1. field. split; lra.
Qed.
Lemma cosine_at_rest (r : rule) (q A B C : R) : resonance r <> 0 -> 0 < A -> stationary r q A B C ->
  numA r <> 0 /\ cosine r A B = ((ww r)*numA r + (wm r)*numB r) / numA r.
Proof.
  intros HR HA H. apply one_fixed_point in H; [|exact HR]. destruct H as [EA [EB _]].
  assert (Hq : q <> 0) by (intros Z; unfold fixedA in EA; rewrite Z in EA; unfold Rdiv in EA; lra).
  assert (HN : numA r <> 0) by (intros Z; unfold fixedA in EA; rewrite Z in EA; unfold Rdiv in EA; lra).
  split; [exact HN|]. unfold cosine. rewrite EA, EB. unfold fixedA, fixedB. field. repeat split; assumption.
Qed.

(** ** The rules *)
(** m' = al m + (1-tau)(g + lam w), w' = w - eta m' *)
Definition sgdm (eta lam al tau : R) :=
  Rule (1 - eta*(1-tau)*lam) (- eta*al) (- eta*(1-tau)) ((1-tau)*lam) al (1-tau).
(** m' = al m + (1-tau) g, w' = (1 - eta lam) w - eta m' *)
Definition sgdw (eta lam al tau : R) := Rule (1 - eta*lam) (- eta*al) (- eta*(1-tau)) 0 al (1-tau).
(** m' = al m + g + lam w, w' = w - eta (g + lam w + al m') *)
Definition nesterov (eta lam al : R) :=
  Rule (1 - eta*(1+al)*lam) (- eta*al^2) (- eta*(1+al)) lam al 1.
(** m' = be m + (1-be) g, w' = (1 - eta lam) w - eta m', g of unit energy a coordinate *)
Definition adamw (eta lam be : R) := Rule (1 - eta*lam) (- eta*be) (- eta*(1-be)) 0 be (1-be).
(** m' = al m + g, w' = (1 - eta lam) w - eta (g + al m') *)
Definition nesterovw (eta lam al : R) := Rule (1 - eta*lam) (- eta*al^2) (- eta*(1+al)) 0 al 1.
Definition sgd (eta lam : R) := Rule (1 - eta*lam) 0 (- eta) 0 0 0.

(** ** Angles that no correlation moves *)
(** One identity and stationarity: w' = c1 w + c2 w0 + b g, <g,w> = 0 and <w',w> = <w,w0>. *)
Theorem cosine_without_correlation : forall (P : nat -> R) (n : nat) (w0 w w' g : vec) (c1 c2 b : R),
  (forall i, w' i = c1 * w i + c2 * w0 i + b * g i) ->
  mean P n g w = 0 -> mean P n w' w = mean P n w w0 -> c2 <> 1 -> mean P n w w <> 0 ->
  mean P n w' w / mean P n w w = c1 / (1 - c2).
Proof.
  intros P n w0 w w' g c1 c2 b E Hg Hs Hc Hw.
  assert (F : mean P n w' w = c1 * mean P n w w + c2 * mean P n w w0).
  { rewrite (mean_ext P n w' (lin 1 (lin c1 w c2 w0) b g)) by (intros i; rewrite E; unfold lin; ring).
    rewrite !mean_lin, Hg, (mean_sym P n w0 w). ring. }
  rewrite <- Hs in F. assert (c : mean P n w' w * (1 - c2) = c1 * mean P n w w) by lra.
  assert (1 - c2 <> 0) by lra.
  apply Rmult_eq_reg_r with ((1 - c2) * mean P n w w); [|apply Rmult_integral_contrapositive_currified; assumption].
  replace (c1 / (1-c2) * ((1-c2) * mean P n w w)) with (c1 * mean P n w w) by (field; assumption).
  rewrite <- c. field. assumption.
Qed.

(** The same summed along one trajectory, without stationarity: what is left are the ends. *)
Theorem products_without_correlation : forall (n : nat) (w g : nat -> vec) (c1 c2 b : R),
  (forall t i, w (S (S t)) i = c1 * w (S t) i + c2 * w t i + b * g (S t) i) ->
  (forall t, dot n (g (S t)) (w (S t)) = 0) -> forall T,
  (1 - c2) * sum (fun t => dot n (w (S (S t))) (w (S t))) T =
  c1 * sum (fun t => dot n (w (S t)) (w (S t))) T - c2 * (dot n (w (S T)) (w T) - dot n (w 1%nat) (w 0%nat)).
Proof.
  intros n w g c1 c2 b E H T. induction T as [|T IH]; [simpl; ring|].
  assert (F : dot n (w (S (S T))) (w (S T)) = c1 * dot n (w (S T)) (w (S T)) + c2 * dot n (w (S T)) (w T)).
  { rewrite <- !mean_dot.
    rewrite (mean_ext _ n (w (S (S T))) (lin 1 (lin c1 (w (S T)) c2 (w T)) b (g (S T)))) by (intros i; rewrite E; unfold lin; ring).
    rewrite !mean_lin, (mean_dot n (g (S T))), H, (mean_sym _ n (w T)). ring. }
  cbn [sum]. rewrite !Rmult_plus_distr_l, IH. lra.
Qed.

(** Heavy ball and decoupled momentum have that form. *)
Theorem sgdm_in_two_steps : forall (eta lam al tau : R) (w m g : nat -> vec),
  (forall t i, m (S t) i = al * m t i + (1-tau) * (g t i + lam * w t i)) ->
  (forall t i, w (S t) i = w t i - eta * m (S t) i) ->
  forall t i, w (S (S t)) i = (1 + al - eta*lam*(1-tau)) * w (S t) i + (- al) * w t i + (- eta*(1-tau)) * g (S t) i.
Proof.
  intros eta lam al tau w m g Hm Hw t i. rewrite (Hw (S t)), (Hm (S t)).
  replace (al * w t i) with (al * (w (S t) i + eta * m (S t) i)) by (rewrite (Hw t); ring).
  replace (- al * w t i) with (- al * (w (S t) i + eta * m (S t) i)) by (rewrite (Hw t); ring). ring.
Qed.
Theorem ema_in_two_steps : forall (eta lam be : R) (w m g : nat -> vec),
  (forall t i, m (S t) i = be * m t i + (1-be) * g t i) ->
  (forall t i, w (S t) i = (1 - eta*lam) * w t i - eta * m (S t) i) ->
  forall t i, w (S (S t)) i = (1 - eta*lam + be) * w (S t) i + (- be*(1 - eta*lam)) * w t i + (- eta*(1-be)) * g (S t) i.
Proof.
  intros eta lam be w m g Hm Hw t i. rewrite (Hw (S t)), (Hm (S t)).
  assert (E : be * ((1 - eta*lam) * w t i) = be * (w (S t) i + eta * m (S t) i)) by (rewrite (Hw t); ring). lra.
Qed.
Lemma square_at_energy (r : rule) (q A B C : R) : resonance r <> 0 -> 0 < A -> stationary r q A B C ->
  A = q * numA r / resonance r.
Proof. intros HR HA H. apply one_fixed_point in H; [|exact HR]. exact (proj1 H). Qed.

(** A nonzero side condition whose factors have their signs on the domain. *)
Ltac domain := first
  [ assumption | apply Rmult_integral_contrapositive_currified; domain | apply pow_nonzero; domain | lra
  | apply positive_nonzero; strict | apply Rgt_not_eq; nra | apply Rlt_not_eq; nra ].
Ltac split_all := repeat match goal with H : _ /\ _ |- _ => destruct H end.

(** Off the resonance inside the book's domains: its factors. *)
Ltac factored := intros; unfold resonance, det, sgdm, sgdw, nesterov, nesterovw, adamw; cbn [ww wm wg mw mm mg]; ring.
Lemma sgdm_resonance : forall eta lam al tau, resonance (sgdm eta lam al tau) =
  (1 - al) * (eta * lam * (1 - tau)) * (2 * (1 + al) - eta * lam * (1 - tau)).
Proof. factored. Qed.
Lemma sgdw_resonance : forall eta lam al tau, resonance (sgdw eta lam al tau) =
  (1 - (1 - eta * lam) * al) * (eta * lam * (2 - eta * lam)) * ((1 - al) * (1 + al)).
Proof. factored. Qed.
Lemma nesterov_resonance : forall eta lam al, resonance (nesterov eta lam al) =
  (1 - al * (1 - eta * lam)) * (eta * lam) * (2 * (1 + al) - eta * lam * (1 + 2 * al)).
Proof. factored. Qed.
Lemma nesterovw_resonance : forall eta lam al, resonance (nesterovw eta lam al) =
  (1 - (1 - eta * lam) * al) * (eta * lam * (2 - eta * lam)) * ((1 - al) * (1 + al)).
Proof. factored. Qed.
Lemma adamw_resonance : forall eta lam be, resonance (adamw eta lam be) =
  (1 - (1 - eta * lam) * be) * (eta * lam * (2 - eta * lam)) * ((1 - be) * (1 + be)).
Proof. factored. Qed.

(** Norm and angle at rest, given the resonance's factors. *)
Ltac off_resonance E HN := intros; split_all;
  match goal with H : stationary ?r _ _ _ _ |- _ => assert (HN : resonance r <> 0) by (rewrite E; domain) end.
Ltac at_rest E := let HN := fresh "off" in let Hn := fresh "norm" in off_resonance E HN;
  match goal with H : stationary ?r ?q ?a ?b ?c, HA : 0 < ?a |- _ => first
    [ pose proof (norm_at_energy r _ a b c HN HA H) as Hn | pose proof (square_at_energy r q a b c HN HA H) as Hn ];
    rewrite E in Hn; rewrite Hn; clear Hn HN H end;
  unfold numA, sgdm, sgdw, nesterov, nesterovw, adamw; field; repeat split; domain.
Ltac turning E := let HN := fresh "off" in let Hn := fresh "number" in let Hc := fresh "turn" in off_resonance E HN;
  match goal with H : stationary ?r ?q ?a ?b ?c, HA : 0 < ?a |- _ =>
    destruct (cosine_at_rest r q a b c HN HA H) as [Hn Hc]; rewrite Hc; apply (quotient_is _ _ _ Hn); clear Hn Hc HN H end;
  unfold numA, numB, sgdm, sgdw, nesterov, nesterovw, adamw; cbn [ww wm]; field; repeat split; domain.
