(** SGD with heavy-ball momentum and coupled decay: m' = al m + g + lam w, w' = w - eta m'.

    <w,g> = <m,g> = 0, |g|^2 = L/|w|^2.  Gram variables A = |w|^2, B = eta <w,m>, C = eta^2 |m|^2;
    p = eta*lam, b = eta^2 L, kap = b/A^2 at the equilibrium. *)
From Coq Require Import Reals Lra Psatz Lia.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors.
Open Scope R_scope.

Definition stepA (al p b A B C : R) := (1-p)^2*A - 2*al*(1-p)*B + al^2*C + b/A.
Definition stepB (al p b A B C : R) := p*(1-p)*A + al*(1-2*p)*B - al^2*C - b/A.
Definition stepC (al p b A B C : R) := p^2*A + 2*al*p*B + al^2*C + b/A.
Definition innerW (al p A B : R) := (1-p)*A - al*B.        (* <w,w'> *)

(** ** Vector level: the Gram recursion is exact *)
Section Vec.
Variables (n : nat) (eta lam al L : R) (w mm g : vec).
Hypothesis Hw : 0 < dot n w w.
Hypothesis Hwg : dot n w g = 0.
Hypothesis Hmg : dot n mm g = 0.
Hypothesis Hg : dot n g g = L / dot n w w.
Definition m1 : vec := lin 1 (lin al mm 1 g) lam w.
Definition w1 : vec := lin 1 w (- eta) m1.
Theorem gram_recursion :
  let A := dot n w w in let B := eta * dot n w mm in let C := eta^2 * dot n mm mm in
  let p := eta*lam in let b := eta^2*L in
  dot n w1 w1 = stepA al p b A B C /\ eta * dot n w1 m1 = stepB al p b A B C
  /\ eta^2 * dot n m1 m1 = stepC al p b A B C /\ dot n w w1 = innerW al p A B.
Proof.
  intros A B C p b. unfold A, B, C, p, b, stepA, stepB, stepC, innerW, w1, m1.
  repeat rewrite ?dot_lin_l, ?dot_lin_r.
  rewrite (dot_sym n g w), (dot_sym n g mm), (dot_sym n mm w), Hwg, Hmg, Hg.
  repeat split; field; lra.
Qed.
End Vec.

Section Params.
Variables al p : R.
Hypothesis Hal : -1 < al < 1.
Hypothesis Hp : 0 < p < 2*(1+al).
Definition kap := p*(1-al)*(2 - p/(1+al)).
Lemma p_div : p/(1+al)*(1+al) = p. Proof. field. lra. Qed.
Lemma kap_eq : kap*(1+al) = p*(1-al)*(2*(1+al)-p).
Proof. unfold kap. field. lra. Qed.
Lemma kap_pos : 0 < kap.
Proof. pose proof kap_eq. assert (0 < p*(1-al)*(2*(1+al)-p)) by (repeat apply Rmult_lt_0_compat; lra). nra. Qed.

(** ** unique equilibrium, closed form *)
Theorem fixed_point_iff_sgdm : forall b A B C, 0 < b -> 0 < A ->
  ((stepA al p b A B C = A /\ stepB al p b A B C = B /\ stepC al p b A B C = C) <->
   (B = - p/(1+al)*A /\ C = 2*p/(1+al)*A /\ A*A = b/kap)).
Proof.
  intros b A B C Hb HA. pose proof kap_pos as Hk. pose proof kap_eq as Ek. unfold stepA, stepB, stepC.
  set (l := b/A). assert (El : l*A = b) by (unfold l; field; lra).
  split.
  - intros [E1 [E2 E3]].
    assert (C1 : C = 2*(al*B+p*A)) by lra.
    assert (B1 : B*(1+al) = -p*A) by lra.
    assert (C2 : C*(1+al) = 2*p*A) by nra.
    assert (l1 : l*(1+al) = kap*(1+al)*A).
    { rewrite Ek. assert (l = (1-al*al)*C - p*p*A - 2*al*p*B) by lra. rewrite H.
      replace (((1-al*al)*C - p*p*A - 2*al*p*B)*(1+al)) with
        ((1-al*al)*(C*(1+al)) - p*p*A*(1+al) - 2*al*p*(B*(1+al))) by ring. rewrite C2, B1. ring. }
    assert (l2 : l = kap*A). { apply Rmult_eq_reg_r with (1+al); [rewrite l1; ring | lra]. }
    repeat split.
    + apply Rmult_eq_reg_r with (1+al); [|lra]. rewrite B1. field. lra.
    + apply Rmult_eq_reg_r with (1+al); [|lra]. rewrite C2. field. lra.
    + apply Rmult_eq_reg_r with kap; [|lra]. replace (b/kap*kap) with b by (field; lra). rewrite <- El, l2. ring.
  - intros [-> [-> EA]].
    assert (l2 : l = kap*A). { apply Rmult_eq_reg_r with A; [|lra]. rewrite El.
      replace (kap*A*A) with (kap*(A*A)) by ring. rewrite EA. field. lra. }
    rewrite l2. unfold kap. repeat split; field; lra.
Qed.

(** ** exact equilibrium angle *)
Theorem equilibrium_cos : forall A, 0 < A ->
  innerW al p A (- p/(1+al)*A) / A = 1 - p/(1+al).
Proof. intros A HA. unfold innerW. field. split; lra. Qed.

(** ** Jacobian at the equilibrium (xs^2 = b/kap) and its characteristic polynomial *)
Definition Jv (dA dB dC : R) : R * R * R :=
  (((1-p)^2-kap)*dA - 2*al*(1-p)*dB + al^2*dC,
   (p*(1-p)+kap)*dA + al*(1-2*p)*dB - al^2*dC,
   (p^2-kap)*dA + 2*al*p*dB + al^2*dC).
Theorem jacobian : forall xs dA dB dC, 0 < xs -> let b := kap*xs*xs in
  let A := fun h => xs + h*dA in let B := fun h => - p/(1+al)*xs + h*dB in let C := fun h => 2*p/(1+al)*xs + h*dC in
  is_derive (fun h => stepA al p b (A h) (B h) (C h)) 0 (fst (fst (Jv dA dB dC))) /\
  is_derive (fun h => stepB al p b (A h) (B h) (C h)) 0 (snd (fst (Jv dA dB dC))) /\
  is_derive (fun h => stepC al p b (A h) (B h) (C h)) 0 (snd (Jv dA dB dC)).
Proof.
  intros xs dA dB dC Hxs b A B C. unfold A, B, C, b, stepA, stepB, stepC, Jv; simpl.
  split; [|split]; (auto_derive; [ lra | field; lra ]).
Qed.
Definition det3 (a b c d e f g h i : R) := a*(e*i-f*h) - b*(d*i-f*g) + c*(d*h-e*g).
Definition c2 := kap - ((1+al-p)^2-2*al) - al.
Definition c1 := al*(al + ((1+al-p)^2-2*al) + kap).
Definition c0 := - al^3.
Theorem charpoly : forall z,
  det3 (z - ((1-p)^2-kap)) (2*al*(1-p)) (- al^2)
       (- (p*(1-p)+kap)) (z - al*(1-2*p)) (al^2)
       (- (p^2-kap)) (- (2*al*p)) (z - al^2)
  = z^3 + c2*z^2 + c1*z + c0.
Proof. intros z. unfold det3, c2, c1, c0. ring. Qed.
Theorem charpoly_factored : forall z,
  z^3 + c2*z^2 + c1*z + c0 = (z-al)*(z^2-((1+al-p)^2-2*al)*z+al^2) + kap*z*(z+al).
Proof. intros z. unfold c2, c1, c0. ring. Qed.

Let Hdiv : forall x, x * (1+al) > 0 -> x > 0.
Proof. intros x Hx. nra. Qed.

(** the four Jury quantities, in closed form *)
Theorem jury_P1 : 1 + c2 + c1 + c0 = 2*(1-al)*p*(2*(1+al)-p).
Proof. unfold c2, c1, c0, kap. field. lra. Qed.
Theorem jury_Pm1 : 1 - c2 + c1 - c0 = 2*(1+al-p)^2*(1+al^2)/(1+al).
Proof. unfold c2, c1, c0, kap. field. lra. Qed.
Theorem jury_D1 : 1 - c0*c0 - (c1 - c0*c2) =
  (1-al)/(1+al)*((1+al)^2*(1-al)*(1-al^3) + 2*al^2*p*(2*(1+al)-p)).
Proof. unfold c2, c1, c0, kap. field. lra. Qed.
Theorem jury_D2 : 1 - c0*c0 + (c1 - c0*c2) =
  (1-al)/(1+al)*((1+al)^2*(1+al)*(1+al^3) + 2*al^2*(1+al-p)^2).
Proof. unfold c2, c1, c0, kap. field. lra. Qed.
End Params.

(** ** Jury criterion for a real cubic, complex roots (self-contained) *)
Lemma three_real_aux : forall r1 r2 r3, 1 < r1 -> 1 < r2 -> r3 < 1 ->
  (1+r1)*(1+r2)*(1+r3) > 0 -> r1*r2*r3 < 1 -> (1-r1*r2)*(1-r1*r3)*(1-r2*r3) > 0 -> False.
Proof.
  intros r1 r2 r3 H1 H2 H3 Hm Hc Hd.
  assert (0 < (1+r1)*(1+r2)) by nra. assert (-1 < r3) by nra.
  assert (r1*r2 > 1) by nra.
  assert (Hn : (1-r1*r3)*(1-r2*r3) < 0) by nra.
  destruct (Rle_dec r3 0); [assert (0 <= -r3*r1) by nra; assert (0 <= -r3*r2) by nra; nra|].
  destruct (Rle_dec (r1*r3) 1).
  - assert (r2*r3 > 1) by nra. assert (r1*(r2*r3) > 1) by nra. lra.
  - assert (r2*(r1*r3) > 1) by nra. lra.
Qed.
Lemma three_real : forall r1 r2 r3,
  (1-r1)*(1-r2)*(1-r3) > 0 -> (1+r1)*(1+r2)*(1+r3) > 0 -> r1*r2*r3 < 1 ->
  (1-r1*r2)*(1-r1*r3)*(1-r2*r3) > 0 -> r1 < 1.
Proof.
  intros r1 r2 r3 Hp Hm Hc Hd. apply Rnot_le_lt. intros H1.
  assert (1 < r1) by (destruct H1 as [?|<-]; [assumption | exfalso; nra]).
  assert (Hq : (1-r2)*(1-r3) < 0) by nra.
  destruct (Rlt_dec r2 1).
  - assert (1 < r3) by nra. apply (three_real_aux r1 r3 r2); lra.
  - assert (r3 < 1) by nra. assert (1 < r2) by (destruct (Req_dec r2 1); [subst; exfalso; nra | lra]).
    apply (three_real_aux r1 r2 r3); lra.
Qed.

Theorem jury_cubic : forall (k2 k1 k0 : R) (z : C),
  1 + k2 + k1 + k0 > 0 -> 1 - k2 + k1 - k0 > 0 -> -1 < k0 < 1 ->
  1 - k0*k0 - (k1 - k0*k2) > 0 -> 1 - k0*k0 + (k1 - k0*k2) > 0 ->
  (z*z*z + k2*z*z + k1*z + k0 = 0)%C -> Cmod z < 1.
Proof.
  intros k2 k1 k0 [x y] HP1 HPm H0 HD1 HD2 HZ.
  injection HZ as Hre Him.
  assert (Re : x*x*x - 3*x*y*y + k2*(x*x-y*y) + k1*x + k0 = 0) by (rewrite <- Hre; ring).
  assert (Im : y*(3*x*x - y*y + 2*k2*x + k1) = 0) by (rewrite <- Him; ring).
  clear Hre Him.
  assert (G : x*x + y*y < 1).
  { apply Rmult_integral in Im. destruct (Req_dec y 0) as [Hy|Hy].
    - (* real root *)
      subst y. clear Im. set (s := k2 + x). set (q := k1 + x*s).
      assert (E2 : k2 = s - x) by (unfold s; ring).
      assert (E1 : k1 = q - x*s) by (unfold q; ring).
      assert (E0 : k0 = - x*q) by (unfold q, s; lra).
      clearbody s q. subst k2 k1 k0.
      destruct (Rlt_dec (s*s) (4*q)) as [Hd|Hd].
      + pose proof (Rle_0_sqr (2+s)); pose proof (Rle_0_sqr (2-s)); unfold Rsqr in *.
        assert (1+s+q > 0) by lra. assert (1-s+q > 0) by lra.
        assert ((1-x)*(1+s+q) > 0) by lra. assert ((1+x)*(1-s+q) > 0) by lra.
        assert (x < 1) by nra. assert (-1 < x) by nra. nra.
      + set (d := sqrt (s*s-4*q)). assert (Ed : d*d = s*s-4*q) by (apply sqrt_sqrt; lra).
        set (r2 := (-s+d)/2). set (r3 := (-s-d)/2).
        assert (Es : s = -(r2+r3)) by (unfold r2, r3; lra).
        assert (Eq : q = r2*r3) by (unfold r2, r3; lra).
        clearbody r2 r3. clear Hd Ed d. subst s q.
        assert (A1 : (1-x)*(1-r2)*(1-r3) > 0) by lra.
        assert (A2 : (1+x)*(1+r2)*(1+r3) > 0) by lra.
        assert (A3 : (1-x*r2)*(1-x*r3)*(1-r2*r3) > 0) by lra.
        assert (x < 1) by (apply (three_real x r2 r3); lra).
        assert (-x < 1) by (apply (three_real (-x) (-r2) (-r3)); lra).
        nra.
    - (* complex pair x +- i y, third root r *)
      destruct Im as [Im|Im]; [contradiction|].
      set (r := -2*x - k2).
      assert (E2 : k2 = -2*x - r) by (unfold r; ring).
      assert (E1 : k1 = (x*x+y*y) + 2*x*r) by (unfold r; lra).
      assert (E0 : k0 = - r*(x*x+y*y)) by (rewrite E1, E2 in Re; lra).
      clearbody r. subst k2 k1 k0. set (q := x*x+y*y) in *.
      assert (F : (1-q)*((1-r*x)*(1-r*x) + r*y*(r*y)) > 0) by (unfold q in *; lra).
      assert (0 <= (1-r*x)*(1-r*x) + r*y*(r*y)) by (pose proof (Rle_0_sqr (1-r*x)); pose proof (Rle_0_sqr (r*y)); unfold Rsqr in *; lra).
      apply Rnot_le_lt. intros Hge. nra. }
  replace (Cmod (x,y)) with (sqrt (x*x+y*y)) by (unfold Cmod; simpl; f_equal; ring).
  apply Rlt_le_trans with (sqrt 1); [|rewrite sqrt_1; lra]. apply sqrt_lt_1_alt.
  pose proof (Rle_0_sqr x); pose proof (Rle_0_sqr y); unfold Rsqr in *; lra.
Qed.

(** ** Exact linear stability region of SGDM *)
Theorem sgdm_multipliers_inside : forall al p, -1 < al < 1 -> 0 < p < 2*(1+al) -> p <> 1+al ->
  forall z : C, (z*z*z + c2 al p*z*z + c1 al p*z + c0 al = 0)%C -> Cmod z < 1.
Proof.
  intros al p Hal Hp Hne z. assert (Hi : 0 < 1+al) by lra. pose proof (pow2_ge_0 al) as Ha2.
  assert (S1 : 0 < (1-al)*(1+al)) by nra.
  assert (Q3 : 0 < 1 - al^3) by (replace (1-al^3) with ((1-al)*(1+al+al^2)) by ring; apply Rmult_lt_0_compat; lra).
  assert (Q3' : 0 < 1 + al^3) by (replace (1+al^3) with ((1+al)*(1-al+al^2)) by ring; apply Rmult_lt_0_compat; lra).
  assert (Qr : 0 < (1-al)/(1+al)) by (apply Rdiv_lt_0_compat; lra).
  assert (Qp : 0 < p*(2*(1+al)-p)) by (apply Rmult_lt_0_compat; lra).
  assert (Qt : 0 < (1+al-p)^2) by (apply pow2_gt_0; lra).
  apply jury_cubic.
  - rewrite jury_P1 by lra. assert (0 < 2*(1-al)*(p*(2*(1+al)-p))) by (apply Rmult_lt_0_compat; lra). lra.
  - rewrite jury_Pm1 by lra. apply Rdiv_lt_0_compat; [|lra]. apply Rmult_lt_0_compat; lra.
  - unfold c0. lra.
  - rewrite jury_D1 by lra. apply Rmult_lt_0_compat; [lra|].
    assert (0 < (1+al)^2*(1-al)*(1-al^3)) by (repeat apply Rmult_lt_0_compat; lra).
    assert (0 <= al^2*(p*(2*(1+al)-p))) by (apply Rmult_le_pos; lra). lra.
  - rewrite jury_D2 by lra. apply Rmult_lt_0_compat; [lra|].
    assert (0 < (1+al)^2*(1+al)*(1+al^3)) by (repeat apply Rmult_lt_0_compat; lra).
    assert (0 <= al^2*(1+al-p)^2) by (apply Rmult_le_pos; lra). lra.
Qed.
(** the excluded line is a genuine flip: multiplier -1 *)
Theorem sgdm_multiplier_minus_one : forall al p, -1 < al < 1 -> 0 < p < 2*(1+al) ->
  ((-1)^3 + c2 al p*(-1)^2 + c1 al p*(-1) + c0 al = 0 <-> p = 1+al).
Proof.
  intros al p Hal Hp. pose proof (jury_Pm1 al p Hal) as J. split.
  - intros H. assert (2*(1+al-p)^2*(1+al^2)/(1+al) = 0) by (rewrite <- J; lra).
    assert (E : 2*(1+al-p)^2*(1+al^2) = 0).
    { apply Rmult_eq_reg_r with (/(1+al)); [|apply Rinv_neq_0_compat; lra]. unfold Rdiv in H0. lra. }
    assert (0 < 1+al^2) by nra. assert ((1+al-p)^2 = 0) by nra. assert (1+al-p = 0) by nra. lra.
  - intros ->. assert (2*(1+al-(1+al))^2*(1+al^2)/(1+al) = 0) by (field; lra). lra.
Qed.
