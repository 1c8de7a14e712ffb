(** Heavy ball: the Gram recursion converges linearly to its equilibrium from every initial state,
    for 0 < |al| < 1, 0 < p < 2(1+al), p <> 1+al; at p = 1+al it has 2-cycles.

    Loewner order and Thompson's metric: X and X* are within K when each is at most K times the other. *)
From Coq Require Import Reals Lra Psatz Lia.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors HeavyBall.
Open Scope R_scope.

(** quadratic form A s^2 + 2 B s t + C t^2 and its domination by two independent squares *)
Definition qf (A B C s t : R) := A*s*s + 2*B*s*t + C*t*t.
Lemma lin_dom : forall f1 f2 g1 g2 A B C, f1*g2 - f2*g1 <> 0 ->
  exists Q, 0 < Q /\ forall s t, qf A B C s t <= Q * ((f1*s+f2*t)^2 + (g1*s+g2*t)^2).
Proof.
  intros f1 f2 g1 g2 A B C HD. set (D := f1*g2-f2*g1) in *.
  set (U := (g2*g2+f2*f2)/(D*D)). set (V := (g1*g1+f1*f1)/(D*D)).
  assert (HDD : 0 < D*D) by nra.
  assert (HU : 0 <= U) by (apply Rmult_le_pos; [nra | left; apply Rinv_0_lt_compat; exact HDD]).
  assert (HV : 0 <= V) by (apply Rmult_le_pos; [nra | left; apply Rinv_0_lt_compat; exact HDD]).
  set (a := Rabs A + Rabs B). set (c := Rabs C + Rabs B).
  assert (Ha : 0 <= a) by (unfold a; pose proof (Rabs_pos A); pose proof (Rabs_pos B); lra).
  assert (Hc : 0 <= c) by (unfold c; pose proof (Rabs_pos C); pose proof (Rabs_pos B); lra).
  exists (a*U + c*V + 1). split; [assert (0 <= a*U) by nra; assert (0 <= c*V) by nra; lra|].
  intros s t. set (N := (f1*s+f2*t)^2 + (g1*s+g2*t)^2).
  assert (HN : 0 <= N) by (unfold N; pose proof (pow2_ge_0 (f1*s+f2*t)); pose proof (pow2_ge_0 (g1*s+g2*t)); lra).
  assert (Hs : s*s <= U*N).
  { apply Rmult_le_reg_r with (D*D); [exact HDD|]. replace (U*N*(D*D)) with ((g2*g2+f2*f2)*N) by (unfold U; field; lra).
    unfold D, N. pose proof (pow2_ge_0 (f2*(f1*s+f2*t) + g2*(g1*s+g2*t))). nra. }
  assert (Ht : t*t <= V*N).
  { apply Rmult_le_reg_r with (D*D); [exact HDD|]. replace (V*N*(D*D)) with ((g1*g1+f1*f1)*N) by (unfold V; field; lra).
    unfold D, N. pose proof (pow2_ge_0 (f1*(f1*s+f2*t) + g1*(g1*s+g2*t))). nra. }
  apply Rle_trans with (a*(s*s) + c*(t*t)).
  - unfold qf, a, c. pose proof (Rle_abs A); pose proof (Rle_abs C).
    assert (A*(s*s) <= Rabs A*(s*s)) by (apply Rmult_le_compat_r; [nra|lra]).
    assert (C*(t*t) <= Rabs C*(t*t)) by (apply Rmult_le_compat_r; [nra|lra]).
    assert (2*B*(s*t) <= Rabs B*(s*s+t*t)).
    { pose proof (pow2_ge_0 (s-t)); pose proof (pow2_ge_0 (s+t)). unfold Rabs; destruct (Rcase_abs B); nra. }
    lra.
  - assert (a*(s*s) <= a*(U*N)) by (apply Rmult_le_compat_l; lra).
    assert (c*(t*t) <= c*(V*N)) by (apply Rmult_le_compat_l; lra). lra.
Qed.

(** product-positivity by structure; stops at atoms known positive *)
Ltac mp := first [assumption | lra | match goal with |- 0 < ?x * ?y => apply Rmult_lt_0_compat; mp | |- 0 <= ?x * ?y => apply Rmult_le_pos; mp end].

Section Global.
Variables al p xs : R.
Hypothesis Hal : -1 < al < 1.
Hypothesis Hal0 : al <> 0.
Hypothesis Hp : 0 < p < 2*(1+al).
Hypothesis Hne : p <> 1+al.
Hypothesis Hxs : 0 < xs.
Let k := kap al p.
Let b := k * xs * xs.                       (* xs = A* = sqrt (b/kap) *)

Record St := mk { sA : R; sB : R; sC : R }.
Definition q (X : St) := qf (sA X) (sB X) (sC X).
Definition step (X : St) := mk (stepA al p b (sA X) (sB X) (sC X))
                               (stepB al p b (sA X) (sB X) (sC X))
                               (stepC al p b (sA X) (sB X) (sC X)).
Definition Xst := mk xs (- p/(1+al)*xs) (2*p/(1+al)*xs).
Definition Fs (s t : R) := (1-p)*s + p*t.
Definition Ft (s t : R) := al*(t-s).

Lemma q_step X s t : q (step X) s t = q X (Fs s t) (Ft s t) + b/(sA X)*(t-s)^2.
Proof. unfold q, step, qf, stepA, stepB, stepC, Fs, Ft; simpl. ring. Qed.
Lemma q10 X : q X 1 0 = sA X. Proof. unfold q, qf. ring. Qed.
Lemma k_pos : 0 < k. Proof. apply kap_pos; lra. Qed.
Lemma b_pos' : 0 < b. Proof. unfold b. pose proof k_pos. apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat|]; assumption. Qed.
Lemma step_Xst : step Xst = Xst.
Proof.
  pose proof b_pos'. pose proof k_pos.
  assert (E : xs*xs = b/k) by (unfold b; field; lra).
  destruct (proj2 (fixed_point_iff_sgdm al p Hal Hp b xs (- p/(1+al)*xs) (2*p/(1+al)*xs) H Hxs)) as [E1 [E2 E3]].
  { repeat split; exact E. }
  unfold step, Xst; simpl. rewrite E1, E2, E3. reflexivity.
Qed.
Lemma q_star_step s t : q Xst s t = q Xst (Fs s t) (Ft s t) + k*xs*(t-s)^2.
Proof. rewrite <- step_Xst at 1. rewrite q_step. simpl. unfold b. f_equal. field. lra. Qed.
(** X* as a sum of squares: positive semidefinite *)
Lemma q_star_sos s t : q Xst s t =
  xs*((s - p/(1+al)*t)^2 + (p/(1+al))*(2-p/(1+al))*t^2).
Proof. unfold q, qf, Xst; simpl. field. lra. Qed.
Lemma q_star_nonneg s t : 0 <= q Xst s t.
Proof.
  rewrite q_star_sos. pose proof (p_div al p Hal) as E. set (r := p/(1+al)) in *.
  assert (0 < r) by nra. assert (r < 2) by nra. assert (0 <= r*(2-r)) by nra.
  apply Rmult_le_pos; [lra|]. pose proof (pow2_ge_0 (s-r*t)). pose proof (pow2_ge_0 t).
  assert (0 <= r*(2-r)*t^2) by (apply Rmult_le_pos; lra). lra.
Qed.
Lemma k_lt_1 : k <= 1.
Proof.
  pose proof (q_star_step 1 0) as E. pose proof (q_star_nonneg (Fs 1 0) (Ft 1 0)).
  rewrite q10 in E. simpl in E. nra.
Qed.
Lemma q_star_F10 : q Xst (Fs 1 0) (Ft 1 0) = (1-k)*xs.
Proof. pose proof (q_star_step 1 0) as E. rewrite q10 in E. simpl in E. lra. Qed.

(** Thompson-metric sandwich  X*/K <= X <= K X*  in the Loewner order *)
Definition sand (K : R) (X : St) := forall s t, q Xst s t <= K * q X s t /\ q X s t <= K * q Xst s t.
Lemma sand_A K X : 1 <= K -> sand K X -> 0 < sA X /\ xs <= K * sA X /\ sA X <= K * xs.
Proof. intros HK H. destruct (H 1 0) as [H1 H2]. rewrite !q10 in *. simpl in *. split; [nra | lra]. Qed.
Lemma sand_nonneg K X : 1 <= K -> sand K X -> forall s t, 0 <= q X s t.
Proof. intros HK H s t. destruct (H s t) as [H1 _]. pose proof (q_star_nonneg s t). nra. Qed.
Lemma sand_mono K K' X : 1 <= K <= K' -> sand K X -> sand K' X.
Proof.
  intros HK H s t. pose proof (sand_nonneg K X ltac:(lra) H s t). pose proof (q_star_nonneg s t).
  destruct (H s t). split; nra.
Qed.

(** (i) the Gram map is nonexpansive in Thompson's metric *)
Lemma binv : forall A, 0 < A -> b/A = k*xs*(xs/A). Proof. intros; unfold b; field; lra. Qed.
Lemma ratio_bounds K X : 1 <= K -> sand K X -> / K <= xs/sA X <= K.
Proof.
  intros HK H. destruct (sand_A K X HK H) as [HA [H1 H2]]. split.
  - apply Rle_div_r; [lra|]. apply Rmult_le_reg_l with K; [lra|]. rewrite <- Rmult_assoc, Rinv_r by lra. lra.
  - apply Rle_div_l; lra.
Qed.
Theorem nonexpansive K X : 1 <= K -> sand K X -> sand K (step X).
Proof.
  intros HK H s t. destruct (sand_A K X HK H) as [HA _]. destruct (ratio_bounds K X HK H) as [R1 R2].
  rewrite q_step, q_star_step, (binv _ HA). destruct (H (Fs s t) (Ft s t)) as [H1 H2].
  pose proof k_pos. set (r := xs/sA X) in *. set (n := (t-s)^2). assert (0 <= n) by apply pow2_ge_0.
  assert (Hkn : 0 <= k*xs*n) by (apply Rmult_le_pos; [nra|lra]).
  assert (1 <= K*r) by (apply Rmult_le_reg_l with (/K); [apply Rinv_0_lt_compat; lra|]; rewrite <- Rmult_assoc, Rinv_l by lra; lra).
  split; nra.
Qed.

(** (ii) two consecutive noise ratios cannot both be (nearly) extremal *)
Lemma ratio_rec X K : 1 <= K -> sand K X ->
  let r := xs/sA X in let r' := xs/sA (step X) in
  1 <= r' * (K*(1-k) + k*r) /\ r' * ((1-k)/K + k*r) <= 1.
Proof.
  intros HK H r r'. destruct (sand_A K X HK H) as [HA _].
  destruct (sand_A K (step X) HK (nonexpansive K X HK H)) as [HA' _].
  assert (E : sA (step X) = q X (Fs 1 0) (Ft 1 0) + k*xs*r).
  { rewrite <- q10, q_step, (binv _ HA). fold r. ring. }
  destruct (H (Fs 1 0) (Ft 1 0)) as [H1 H2]. rewrite q_star_F10 in *.
  assert (Er' : r' * sA (step X) = xs) by (unfold r'; field; lra).
  assert (Hr' : 0 < r') by (unfold r'; apply Rdiv_lt_0_compat; lra).
  split.
  - apply Rmult_le_reg_r with xs; [exact Hxs|].
    assert (sA (step X) <= (K*(1-k)+k*r)*xs) by (rewrite E; lra). clearbody r r'. nra.
  - apply Rmult_le_reg_r with xs; [exact Hxs|].
    assert ((1-k)/K*xs <= q X (Fs 1 0) (Ft 1 0)).
    { apply Rmult_le_reg_l with K; [lra|]. replace (K*((1-k)/K*xs)) with ((1-k)*xs) by (field; lra). lra. }
    assert (((1-k)/K + k*r)*xs <= sA (step X)) by (rewrite E; lra). clearbody r r'. nra.
Qed.
Lemma deficit_core_up : forall k K i e r r', 0 < k <= 1 -> 1 < K -> 0 < i -> K*i = 1 -> i < 1 ->
  e = k/2*(i*i)*(K-i) -> K - e < r -> K - e < r' -> r' * ((1-k)*i + k*r) <= 1 -> False.
Proof.
  clear. intros k K i e r r' [Hk Hk1] HK Hi0 Hi Hi1 Ee Hr Hr' HR.
  assert (Hii : 0 < i*i <= 1) by nra.
  assert (Hki : 0 < k*(i*i) <= 1) by nra.
  set (D := K - i) in *. assert (HD : 0 < D) by (unfold D; lra).
  assert (h1 : e <= D/2) by (rewrite Ee; nra).
  assert (h2 : i < K - e) by (unfold D in *; lra).
  assert (hY : 0 < (1-k)*i + k*(K-e)) by nra.
  assert (h3 : (K-e)*((1-k)*i+k*(K-e)) <= 1).
  { eapply Rle_trans; [|exact HR]. apply Rmult_le_compat; try lra. apply Rplus_le_compat_l, Rmult_le_compat_l; lra. }
  assert (Q1 : (K-e)*((1-k)*i + k*(K-e)) = K*i - e*i + (K-e)*(k*(D-e))) by (unfold D; ring).
  rewrite Hi in Q1.
  assert (h4 : 0 < k*(D/2)) by (apply Rmult_lt_0_compat; lra).
  assert (h5 : k*(D/2) <= k*(D-e)) by (apply Rmult_le_compat_l; lra).
  assert (h6 : i*(k*(D/2)) < (K-e)*(k*(D-e))).
  { apply Rlt_le_trans with ((K-e)*(k*(D/2))); [apply Rmult_lt_compat_r; lra | apply Rmult_le_compat_l; lra]. }
  assert (h7 : e*i <= i*(k*(D/2))). { rewrite Ee. replace (k/2*(i*i)*D*i) with (i*i*(i*(k*(D/2)))) by field.
    assert (0 <= i*(k*(D/2))) by (apply Rmult_le_pos; lra). nra. }
  lra.
Qed.
Lemma deficit_core_lo : forall k K i e r r', 0 < k <= 1 -> 1 < K -> 0 < i -> K*i = 1 -> i < 1 ->
  e = k/2*(i*i)*(K-i) -> 0 < r -> 0 < r' -> r < i + e -> r' < i + e -> 1 <= r' * (K*(1-k) + k*r) -> False.
Proof.
  clear. intros k K i e r r' [Hk Hk1] HK Hi0 Hi Hi1 Ee Hr0 Hr0' Hr Hr' HR.
  assert (Hii : 0 < i*i <= 1) by nra.
  assert (Hki : 0 < k*(i*i) <= 1) by nra.
  set (D := K - i) in *. assert (HD : 0 < D) by (unfold D; lra).
  assert (h1 : e <= D/2) by (rewrite Ee; nra).
  assert (he : 0 < e). { rewrite Ee. apply Rmult_lt_0_compat; [|exact HD]. apply Rmult_lt_0_compat; lra. }
  assert (h3 : 1 <= (i+e)*(K*(1-k)+k*(i+e))).
  { eapply Rle_trans; [exact HR|]. apply Rmult_le_compat; try lra.
    - apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra.
    - apply Rplus_le_compat_l, Rmult_le_compat_l; lra. }
  assert (Q1 : (i+e)*(K*(1-k)+k*(i+e)) = K*i + e*K - (i+e)*(k*(D-e))) by (unfold D; ring).
  rewrite Hi in Q1.
  assert (h4 : 0 < k*(D/2)) by (apply Rmult_lt_0_compat; lra).
  assert (h5 : k*(D/2) <= k*(D-e)) by (apply Rmult_le_compat_l; lra).
  assert (h6 : i*(k*(D/2)) < (i+e)*(k*(D-e))).
  { apply Rlt_le_trans with ((i+e)*(k*(D/2))); [apply Rmult_lt_compat_r; lra | apply Rmult_le_compat_l; lra]. }
  assert (h7 : e*K = i*(k*(D/2))). { rewrite Ee. replace (k/2*(i*i)*D*K) with ((K*i)*(i*(k*(D/2)))) by field. rewrite Hi; ring. }
  lra.
Qed.
Lemma upper_deficit K r r' : 1 < K -> / K <= r <= K -> /K <= r' <= K -> r' * ((1-k)/K + k*r) <= 1 ->
  let e := k/(2*(K*K))*(K-/K) in e <= K - r \/ e <= K - r'.
Proof.
  intros HK Hr Hr' HR e. destruct (Rle_dec e (K-r)); [left; assumption|]. right. apply Rnot_lt_le. intros Hlt.
  pose proof k_pos; pose proof k_lt_1. assert (Hi : K*/K = 1) by (apply Rinv_r; lra).
  assert (Hi0 : 0 < /K) by (apply Rinv_0_lt_compat; lra). assert (Hi1 : /K < 1) by (clear - HK Hi Hi0; nra).
  apply (deficit_core_up k K (/K) e r r'); try lra; unfold e; field; lra.
Qed.
Lemma lower_deficit K r r' : 1 < K -> / K <= r <= K -> /K <= r' <= K -> 1 <= r' * (K*(1-k) + k*r) ->
  let e := k/(2*(K*K))*(K-/K) in e <= r - /K \/ e <= r' - /K.
Proof.
  intros HK Hr Hr' HR e. destruct (Rle_dec e (r-/K)); [left; assumption|]. right. apply Rnot_lt_le. intros Hlt.
  pose proof k_pos; pose proof k_lt_1. assert (Hi : K*/K = 1) by (apply Rinv_r; lra).
  assert (Hi0 : 0 < /K) by (apply Rinv_0_lt_compat; lra). assert (Hi1 : /K < 1) by (clear - HK Hi Hi0; nra).
  apply (deficit_core_lo k K (/K) e r r'); try lra; unfold e; field; lra.
Qed.

(** (iii) noise directions: n_j(v) = n(F^j v) with n(s,t)=t-s *)
Definition n0 s t := t - s.
Definition n1 s t := n0 (Fs s t) (Ft s t).
Definition n2 s t := n1 (Fs s t) (Ft s t).
Definition n3 s t := n2 (Fs s t) (Ft s t).
Lemma four X s t :
  let X1 := step X in let X2 := step X1 in let X3 := step X2 in
  let s4 := Fs (Fs (Fs (Fs s t) (Ft s t)) (Ft (Fs s t) (Ft s t))) (Ft (Fs (Fs s t) (Ft s t)) (Ft (Fs s t) (Ft s t))) in
  let t4 := Ft (Fs (Fs (Fs s t) (Ft s t)) (Ft (Fs s t) (Ft s t))) (Ft (Fs (Fs s t) (Ft s t)) (Ft (Fs s t) (Ft s t))) in
  q (step X3) s t = q X (Fs (Fs (Fs (Fs s t) (Ft s t)) (Ft (Fs s t) (Ft s t))) (Ft (Fs (Fs s t) (Ft s t)) (Ft (Fs s t) (Ft s t))))
                        (Ft (Fs (Fs (Fs s t) (Ft s t)) (Ft (Fs s t) (Ft s t))) (Ft (Fs (Fs s t) (Ft s t)) (Ft (Fs s t) (Ft s t))))
   + b/sA X*(n3 s t)^2 + b/sA X1*(n2 s t)^2 + b/sA X2*(n1 s t)^2 + b/sA X3*(n0 s t)^2.
Proof. intros X1 X2 X3 _ _. unfold X3, X2, X1. rewrite !q_step. unfold n3, n2, n1, n0. ring. Qed.

Lemma pair_dom : exists c, 0 < c /\ c <= 1 /\ forall s t,
  c*q Xst s t <= k*xs*((n2 s t)^2 + (n1 s t)^2) /\
  c*q Xst s t <= k*xs*((n2 s t)^2 + (n0 s t)^2) /\
  c*q Xst s t <= k*xs*((n3 s t)^2 + (n1 s t)^2).
Proof.
  (* coefficients of the four linear forms *)
  set (a0 := -1). set (b0 := 1). set (a1 := p-1-al). set (b1 := al-p).
  set (a2 := a1*(1-p) - b1*al). set (b2 := a1*p + b1*al).
  set (a3 := a2*(1-p) - b2*al). set (b3 := a2*p + b2*al).
  assert (N0 : forall s t, n0 s t = a0*s+b0*t) by (intros; unfold n0, a0, b0; ring).
  assert (N1 : forall s t, n1 s t = a1*s+b1*t) by (intros; unfold n1, n0, Fs, Ft, a1, b1; ring).
  assert (N2 : forall s t, n2 s t = a2*s+b2*t) by (intros; unfold n2; rewrite N1; unfold Fs, Ft, a2, b2; ring).
  assert (N3 : forall s t, n3 s t = a3*s+b3*t) by (intros; unfold n3; rewrite N2; unfold Fs, Ft, a3, b3; ring).
  assert (T : 1+al-p <> 0) by lra.
  assert (D21 : a2*b1-b2*a1 = - al) by (unfold a2, b2, a1, b1; ring).
  assert (D20 : a2*b0-b2*a0 = - (1+al-p)) by (unfold a2, b2, a1, b1, a0, b0; ring).
  assert (D31 : a3*b1-b3*a1 = - al*(1+al-p)) by (unfold a3, b3, a2, b2, a1, b1; ring).
  destruct (lin_dom a2 b2 a1 b1 (sA Xst) (sB Xst) (sC Xst)) as [Q1 [P1 H1]]; [rewrite D21; lra|].
  destruct (lin_dom a2 b2 a0 b0 (sA Xst) (sB Xst) (sC Xst)) as [Q2 [P2 H2]]; [rewrite D20; lra|].
  destruct (lin_dom a3 b3 a1 b1 (sA Xst) (sB Xst) (sC Xst)) as [Q3 [P3 H3]].
  { rewrite D31. intros E. apply Rmult_integral in E. lra. }
  pose proof k_pos. assert (Hkx : 0 < k*xs) by nra.
  set (S := Q1+Q2+Q3+k*xs). assert (0 < S) by (unfold S; lra).
  exists (k*xs/S). split; [apply Rdiv_lt_0_compat; lra|]. split.
  { apply Rle_div_l; [lra|]. rewrite Rmult_1_l. unfold S. lra. }
  intros s t. rewrite N0, N1, N2, N3. specialize (H1 s t); specialize (H2 s t); specialize (H3 s t).
  fold (q Xst s t) in H1, H2, H3. set (Z := q Xst s t) in *.
  assert (G : forall Q W, 0 < Q -> Q <= S -> 0 <= W -> Z <= Q*W -> k*xs/S*Z <= k*xs*W).
  { intros Q W HQ HS HW HZ. replace (k*xs/S*Z) with (k*xs*(Z/S)) by (field; lra).
    apply Rmult_le_compat_l; [lra|]. apply Rle_div_l; [lra|]. assert (Q*W <= W*S) by nra. lra. }
  repeat split.
  - apply (G Q1); try (unfold S; lra). pose proof (pow2_ge_0 (a2*s+b2*t)); pose proof (pow2_ge_0 (a1*s+b1*t)); lra.
  - apply (G Q2); try (unfold S; lra). pose proof (pow2_ge_0 (a2*s+b2*t)); pose proof (pow2_ge_0 (a0*s+b0*t)); lra.
  - apply (G Q3); try (unfold S; lra). pose proof (pow2_ge_0 (a3*s+b3*t)); pose proof (pow2_ge_0 (a1*s+b1*t)); lra.
Qed.

(** combinatorial core: four nonneg weights, no two consecutive ones both < e *)
Lemma two_of_four : forall c e d0 d1 d2 d3 m3 m2 m1 m0 Z Kx,
  0 <= e -> 0 <= Kx -> 0 <= d0 -> 0 <= d1 -> 0 <= d2 -> 0 <= d3 ->
  0 <= m3 -> 0 <= m2 -> 0 <= m1 -> 0 <= m0 ->
  (e <= d0 \/ e <= d1) -> (e <= d1 \/ e <= d2) -> (e <= d2 \/ e <= d3) ->
  c*Z <= Kx*(m2+m1) -> c*Z <= Kx*(m2+m0) -> c*Z <= Kx*(m3+m1) ->
  e*(c*Z) <= Kx*(d0*m3+d1*m2+d2*m1+d3*m0).
Proof.
  intros c e d0 d1 d2 d3 m3 m2 m1 m0 Z Kx He HK H0 H1 H2 H3 M3 M2 M1 M0 O1 O2 O3 G1 G2 G3.
  assert (forall d m, 0 <= d -> 0 <= m -> 0 <= d*m) as P by (intros; apply Rmult_le_pos; assumption).
  pose proof (P d0 m3 H0 M3); pose proof (P d1 m2 H1 M2); pose proof (P d2 m1 H2 M1); pose proof (P d3 m0 H3 M0).
  assert (B : forall u v, (e*u + e*v <= d0*m3+d1*m2+d2*m1+d3*m0) -> c*Z <= Kx*(u+v) -> e*(c*Z) <= Kx*(d0*m3+d1*m2+d2*m1+d3*m0)).
  { intros u v Huv HG. apply Rle_trans with (Kx*(e*u+e*v)); [|apply Rmult_le_compat_l; assumption].
    replace (Kx*(e*u+e*v)) with (e*(Kx*(u+v))) by ring. apply Rmult_le_compat_l; assumption. }
  assert (Q : forall d m, e <= d -> 0 <= m -> e*m <= d*m) by (intros; apply Rmult_le_compat_r; assumption).
  destruct (Rle_dec e d1) as [h1|h1].
  - pose proof (Q d1 m2 h1 M2). destruct O3 as [h2|h3].
    + pose proof (Q d2 m1 h2 M1). apply (B m2 m1); [lra|exact G1].
    + pose proof (Q d3 m0 h3 M0). apply (B m2 m0); [lra|exact G2].
  - destruct O1 as [h0|?]; [|contradiction]. destruct O2 as [?|h2]; [contradiction|].
    pose proof (Q d0 m3 h0 M3); pose proof (Q d2 m1 h2 M1). apply (B m3 m1); [lra|exact G3].
Qed.

Lemma e_props : forall k c K, 0 < k <= 1 -> 0 < c <= 1 -> 1 < K ->
  let e := k/(2*(K*K))*(K-/K) in 0 <= e /\ e <= K-/K /\ 0 <= c*e <= K-/K /\ /K < 1 /\ 0 < /K /\ K*/K = 1.
Proof.
  clear. intros k c K Hk Hc HK e.
  assert (Hi0 : 0 < /K) by (apply Rinv_0_lt_compat; lra). assert (Hi : K*/K = 1) by (apply Rinv_r; lra).
  assert (Hi1 : /K < 1) by nra. assert (HKK : 1 < K*K) by nra.
  assert (H1 : 0 < k/(2*(K*K))) by (apply Rdiv_lt_0_compat; lra).
  assert (H2 : k/(2*(K*K)) <= 1) by (apply Rle_div_l; lra).
  assert (He0 : 0 <= e) by (apply Rmult_le_pos; lra).
  assert (He1 : e <= K-/K). { unfold e. rewrite <- (Rmult_1_l (K-/K)) at 2. apply Rmult_le_compat_r; lra. }
  repeat split; try assumption.
  - apply Rmult_le_pos; lra.
  - apply Rle_trans with (1*e); [apply Rmult_le_compat_r; lra | lra].
Qed.
Definition step4 X := step (step (step (step X))).
Theorem contraction4 : exists c, 0 < c /\ c <= 1 /\ forall K X, 1 < K -> sand K X ->
  sand (K - c*(k/(2*(K*K))*(K-/K))) (step4 X).
Proof.
  destruct pair_dom as [c [Hc0 [Hc1 HG]]]. exists c. split; [exact Hc0|]. split; [exact Hc1|].
  intros K X HK H. assert (HK1 : 1 <= K) by lra.
  set (X1 := step X). set (X2 := step X1). set (X3 := step X2).
  assert (S1 : sand K X1) by (apply nonexpansive; assumption).
  assert (S2 : sand K X2) by (apply nonexpansive; assumption).
  assert (S3 : sand K X3) by (apply nonexpansive; assumption).
  pose proof (ratio_bounds K X HK1 H) as R0. pose proof (ratio_bounds K X1 HK1 S1) as R1.
  pose proof (ratio_bounds K X2 HK1 S2) as R2. pose proof (ratio_bounds K X3 HK1 S3) as R3.
  destruct (ratio_rec X K HK1 H) as [L0 U0]. destruct (ratio_rec X1 K HK1 S1) as [L1 U1].
  destruct (ratio_rec X2 K HK1 S2) as [L2 U2]. fold X1 in L0, U0. fold X2 in L1, U1. fold X3 in L2, U2.
  pose proof (sand_A K X HK1 H) as [A0 _]. pose proof (sand_A K X1 HK1 S1) as [A1 _].
  pose proof (sand_A K X2 HK1 S2) as [A2 _]. pose proof (sand_A K X3 HK1 S3) as [A3 _].
  set (e := k/(2*(K*K))*(K-/K)).
  pose proof k_pos. pose proof k_lt_1.
  destruct (e_props k c K ltac:(lra) ltac:(lra) HK) as [He0 [He1 [HD [Hi1 [Hi0 Hi]]]]]. fold e in He0, He1, HD.
  assert (Hkx : 0 <= k*xs) by (apply Rmult_le_pos; lra).
  assert (Up : forall s t, q (step4 X) s t <= (K-c*e)*q Xst s t).
  { intros s t. change (q (step4 X) s t) with (q (step (step (step (step X)))) s t). rewrite (four X s t). fold X1. fold X2. fold X3.
    rewrite (binv _ A0), (binv _ A1), (binv _ A2), (binv _ A3).
    pose proof (four Xst s t) as F. cbv zeta in F. rewrite !step_Xst in F. simpl sA in F.
    replace (b/xs) with (k*xs) in F by (unfold b; field; lra).
    match type of F with _ = q Xst ?u ?v + _ + _ + _ + _ => destruct (H u v) as [_ Hq] end.
    destruct (HG s t) as [G1 [G2 G3]].
    pose proof (two_of_four c e (K-xs/sA X) (K-xs/sA X1) (K-xs/sA X2) (K-xs/sA X3)
      ((n3 s t)^2) ((n2 s t)^2) ((n1 s t)^2) ((n0 s t)^2) (q Xst s t) (k*xs)) as TF.
    assert (TF' := TF He0 Hkx ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra) (pow2_ge_0 _) (pow2_ge_0 _) (pow2_ge_0 _) (pow2_ge_0 _)
      (upper_deficit K _ _ HK R0 R1 U0) (upper_deficit K _ _ HK R1 R2 U1) (upper_deficit K _ _ HK R2 R3 U2) G1 G2 G3).
    rewrite Rmult_minus_distr_r. rewrite F at 1. lra. }
  assert (Lo : forall s t, (/K + c*e)*q Xst s t <= q (step4 X) s t).
  { intros s t. change (q (step4 X) s t) with (q (step (step (step (step X)))) s t). rewrite (four X s t). fold X1. fold X2. fold X3.
    rewrite (binv _ A0), (binv _ A1), (binv _ A2), (binv _ A3).
    pose proof (four Xst s t) as F. cbv zeta in F. rewrite !step_Xst in F. simpl sA in F.
    replace (b/xs) with (k*xs) in F by (unfold b; field; lra).
    match type of F with _ = q Xst ?u ?v + _ + _ + _ + _ => destruct (H u v) as [Hq _]; set (QX := q X u v) in *; set (QS := q Xst u v) in * end.
    assert (Hq' : /K*QS <= QX). { apply Rmult_le_reg_l with K; [lra|]. rewrite <- Rmult_assoc, Hi. lra. }
    destruct (HG s t) as [G1 [G2 G3]].
    pose proof (two_of_four c e (xs/sA X-/K) (xs/sA X1-/K) (xs/sA X2-/K) (xs/sA X3-/K)
      ((n3 s t)^2) ((n2 s t)^2) ((n1 s t)^2) ((n0 s t)^2) (q Xst s t) (k*xs)) as TF.
    assert (TF' := TF He0 Hkx ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra) (pow2_ge_0 _) (pow2_ge_0 _) (pow2_ge_0 _) (pow2_ge_0 _)
      (lower_deficit K _ _ HK R0 R1 L0) (lower_deficit K _ _ HK R1 R2 L1) (lower_deficit K _ _ HK R2 R3 L2) G1 G2 G3).
    rewrite Rmult_plus_distr_r. rewrite F at 1. lra. }
  intros s t. fold e. specialize (Up s t). specialize (Lo s t). split; [|exact Up].
  pose proof (q_star_nonneg s t). set (Z := q Xst s t) in *. set (Y := q (step4 X) s t) in *.
  assert (1 <= (K-c*e)*(/K+c*e)).
  { replace ((K-c*e)*(/K+c*e)) with (K*/K + c*e*((K-/K)-c*e)) by ring. rewrite Hi.
    assert (0 <= c*e*((K-/K)-c*e)) by (apply Rmult_le_pos; lra). lra. }
  apply Rle_trans with ((K-c*e)*((/K+c*e)*Z)); [|apply Rmult_le_compat_l; lra].
  rewrite <- Rmult_assoc. rewrite <- (Rmult_1_l Z) at 1. apply Rmult_le_compat_r; lra.
Qed.

(** (iv) geometric convergence *)
Lemma geo_core : forall k c K K0, 0 < k <= 1 -> 0 < c <= 1 -> 1 < K <= K0 ->
  c*(k/(2*(K0*K0)))*(K-1) <= c*(k/(2*(K*K))*(K-/K)).
Proof.
  clear. intros k c K K0 Hk Hc HK.
  assert (Hi0 : 0 < /K) by (apply Rinv_0_lt_compat; lra). assert (Hi : K*/K = 1) by (apply Rinv_r; lra).
  assert (Hi1 : /K < 1) by nra. assert (HKK : 1 < K*K) by nra. assert (HKK0 : K*K <= K0*K0) by nra.
  assert (H3 : k/(2*(K0*K0)) <= k/(2*(K*K))).
  { apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; lra. }
  assert (H1 : 0 < k/(2*(K0*K0))) by (apply Rdiv_lt_0_compat; lra).
  rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat; lra.
Qed.
Theorem geometric : forall K0 X, 1 <= K0 -> sand K0 X ->
  exists rho, 0 <= rho < 1 /\ forall j, sand (1 + (K0-1)*rho^j) (Nat.iter j step4 X).
Proof.
  intros K0 X HK0 H. destruct contraction4 as [c [Hc0 [Hc1 HC]]]. pose proof k_pos; pose proof k_lt_1.
  set (g := c*(k/(2*(K0*K0)))).
  assert (Hg : 0 < g <= 1).
  { assert (HKK : 1 <= K0*K0) by (clear - HK0; nra).
    assert (A1 : 0 < k/(2*(K0*K0))) by (apply Rdiv_lt_0_compat; lra).
    assert (A2 : k/(2*(K0*K0)) <= 1) by (apply Rle_div_l; lra).
    unfold g. split; [apply Rmult_lt_0_compat; lra|]. apply Rle_trans with (1*(k/(2*(K0*K0)))); [apply Rmult_le_compat_r; lra | lra]. }
  assert (Hgk : forall K, 1 < K <= K0 -> g*(K-1) <= c*(k/(2*(K*K))*(K-/K))) by (intros; apply geo_core; lra).
  clearbody g.
  exists (1-g). split; [lra|]. induction j.
  - simpl. replace (1+(K0-1)*1) with K0 by ring. exact H.
  - simpl Nat.iter. set (Y := Nat.iter j step4 X) in *. set (rj := (1-g)^j) in *.
    assert (Hrj : 0 <= rj <= 1). { assert (PI : (1-g)^j <= 1^j) by (apply pow_incr; lra). rewrite pow1 in PI. split; [apply pow_le; lra | exact PI]. }
    assert (P1 : 0 <= (K0-1)*rj) by (apply Rmult_le_pos; lra).
    assert (P2 : (K0-1)*rj <= (K0-1)*1) by (apply Rmult_le_compat_l; lra).
    assert (Hnext : 1+(K0-1)*(1-g)^(S j) = 1+(1-g)*((K0-1)*rj)) by (simpl; fold rj; ring).
    rewrite Hnext. set (K := 1+(K0-1)*rj) in *. replace ((K0-1)*rj) with (K-1) in * by (unfold K; ring).
    assert (P3 : 0 <= (1-g)*(K-1)) by (apply Rmult_le_pos; lra). clearbody K.
    destruct (Req_dec K 1) as [E|E].
    + apply sand_mono with 1; [lra|]. rewrite E in IHj. unfold step4. repeat apply nonexpansive; try lra. exact IHj.
    + assert (HK1 : 1 < K) by lra. specialize (HC K Y HK1 IHj).
      pose proof (e_props k c K ltac:(lra) ltac:(lra) HK1) as EP. cbv zeta in EP. destruct EP as [He0 [He1 [HD [Hi1 [Hi0 Hi]]]]].
      pose proof (Hgk K ltac:(lra)) as Hge. set (e := c*(k/(2*(K*K))*(K-/K))) in *.
      (* sand (K-e) Z -> sand (bigger) Z *)
      intros s t. destruct (HC s t) as [C1 C2]. pose proof (q_star_nonneg s t) as Q0.
      assert (HKe : 0 < K-e) by lra.
      assert (Q1 : 0 <= q (step4 Y) s t).
      { apply Rmult_le_reg_l with (K-e); [lra|]. rewrite Rmult_0_r. lra. }
      assert (Hle : K - e <= 1+(1-g)*(K-1)) by lra.
      split; (eapply Rle_trans; [eassumption|]; apply Rmult_le_compat_r; lra).
Qed.

(** (v) every initial state with A>0 and PSD Gram matrix gets sandwiched after two steps *)
Lemma enters : forall X, 0 < sA X -> (forall s t, 0 <= q X s t) -> exists K, 1 <= K /\ sand K (step (step X)).
Proof.
  intros X HA HX. set (X1 := step X).
  assert (HA1 : 0 < sA X1).
  { rewrite <- q10. unfold X1. rewrite q_step. pose proof (HX (Fs 1 0) (Ft 1 0)). pose proof b_pos'.
    assert (0 < b/sA X) by (apply Rdiv_lt_0_compat; lra). nra. }
  set (u := b/sA X). set (v := b/sA X1).
  assert (Hu : 0 < u) by (apply Rdiv_lt_0_compat; [apply b_pos'|exact HA]).
  assert (Hv : 0 < v) by (apply Rdiv_lt_0_compat; [apply b_pos'|exact HA1]).
  assert (N1 : forall s t, n1 s t = (p-1-al)*s+(al-p)*t) by (intros; unfold n1, n0, Fs, Ft; ring).
  assert (N0 : forall s t, n0 s t = (-1)*s+1*t) by (intros; unfold n0; ring).
  assert (HD : (p-1-al)*1 - (al-p)*(-1) <> 0) by lra.
  destruct (lin_dom _ _ _ _ (sA Xst) (sB Xst) (sC Xst) HD) as [Q1 [P1 H1]].
  set (X2 := step X1).
  destruct (lin_dom _ _ _ _ (sA X2) (sB X2) (sC X2) HD) as [Q2 [P2 H2]].
  pose proof k_pos. assert (Hkx : 0 < k*xs) by nra.
  assert (L2 : forall s t, Rmin u v*((n1 s t)^2+(n0 s t)^2) <= q X2 s t).
  { intros s t. unfold X2. rewrite q_step. unfold X1 at 1. rewrite q_step. fold u. fold v.
    pose proof (HX (Fs (Fs s t) (Ft s t)) (Ft (Fs s t) (Ft s t))).
    change ((Ft s t - Fs s t)^2) with ((n1 s t)^2). change ((t-s)^2) with ((n0 s t)^2).
    pose proof (Rmin_l u v); pose proof (Rmin_r u v). pose proof (pow2_ge_0 (n1 s t)); pose proof (pow2_ge_0 (n0 s t)). nra. }
  assert (LS : forall s t, k*xs*((n1 s t)^2+(n0 s t)^2) <= q Xst s t).
  { intros s t. rewrite q_star_step, q_star_step.
    pose proof (q_star_nonneg (Fs (Fs s t) (Ft s t)) (Ft (Fs s t) (Ft s t))).
    change ((Ft s t - Fs s t)^2) with ((n1 s t)^2). change ((t-s)^2) with ((n0 s t)^2). lra. }
  assert (Hm : 0 < Rmin u v) by (apply Rmin_glb_lt; assumption).
  assert (W1 : 0 < Q1/Rmin u v) by (apply Rdiv_lt_0_compat; lra).
  assert (W2 : 0 < Q2/(k*xs)) by (apply Rdiv_lt_0_compat; lra).
  exists (1 + Q1/Rmin u v + Q2/(k*xs)). split; [lra|].
  intros s t. specialize (H1 s t). specialize (H2 s t). rewrite <- N1, <- N0 in H1, H2.
  fold (q Xst s t) in H1. fold (q X2 s t) in H2. specialize (L2 s t). specialize (LS s t).
  pose proof (q_star_nonneg s t). pose proof (pow2_ge_0 (n1 s t)); pose proof (pow2_ge_0 (n0 s t)).
  set (W := (n1 s t)^2+(n0 s t)^2) in *. assert (0 <= W) by (unfold W; lra).
  assert (0 <= q X2 s t) by nra.
  assert (E1 : Q1*W <= Q1/Rmin u v*q X2 s t).
  { replace (Q1*W) with (Q1/Rmin u v*(Rmin u v*W)) by (field; lra). apply Rmult_le_compat_l; lra. }
  assert (E2 : Q2*W <= Q2/(k*xs)*q Xst s t).
  { replace (Q2*W) with (Q2/(k*xs)*(k*xs*W)) by (field; lra). apply Rmult_le_compat_l; lra. }
  split; nra.
Qed.

(** ** Main theorem: global linear convergence of |w_t|^2 *)
Lemma iter_sand : forall K X i, 1 <= K -> sand K X -> sand K (Nat.iter i step X).
Proof. intros K X i HK H. induction i; [exact H|]. simpl. apply nonexpansive; assumption. Qed.
Lemma iter_plus : forall i j X, Nat.iter (i+j) step X = Nat.iter i step (Nat.iter j step X).
Proof. induction i; intros; [reflexivity|]. simpl. rewrite IHi. reflexivity. Qed.
Lemma iter4 : forall j X, Nat.iter j step4 X = Nat.iter (4*j) step X.
Proof.
  induction j; intros X; [reflexivity|]. simpl Nat.iter at 1. rewrite IHj.
  replace (4*S j)%nat with (S (S (S (S (4*j))))) by lia. reflexivity.
Qed.
Theorem gram_converges : forall X, 0 < sA X -> (forall s t, 0 <= q X s t) ->
  exists Cst rho, 0 <= Cst /\ 0 <= rho < 1 /\
  forall t, Rabs (sA (Nat.iter (t+2) step X) - xs) <= Cst * rho^(t/4).
Proof.
  intros X HA HX. destruct (enters X HA HX) as [K0 [HK0 HS]].
  destruct (geometric K0 _ HK0 HS) as [rho [Hr Hg]].
  exists ((K0-1)*xs), rho. split; [nra|]. split; [exact Hr|]. intros t.
  assert (E : Nat.iter (t+2) step X = Nat.iter (t mod 4) step (Nat.iter (t/4) step4 (step (step X)))).
  { rewrite iter4. rewrite <- iter_plus. rewrite iter_plus. simpl (Nat.iter 2 step X). f_equal.
    pose proof (Nat.div_mod t 4). lia. }
  rewrite E. specialize (Hg (t/4)%nat). set (rj := rho^(t/4)) in *.
  assert (Hrj : 0 <= rj) by (apply pow_le; lra).
  set (K := 1+(K0-1)*rj) in *. assert (HK : 1 <= K) by (unfold K; nra).
  pose proof (iter_sand K _ (t mod 4) HK Hg) as F. destruct (sand_A K _ HK F) as [A1 [A2 A3]].
  set (A := sA _) in *. replace ((K0-1)*xs*rj) with ((K-1)*xs) by (unfold K; ring).
  apply Rabs_le. split; [|lra]. nra.
Qed.
End Global.

(** ** The excluded line: explicit 2-cycles at eta lam = 1 + al *)
Theorem sgdm_two_cycle : forall al xs K, -1 < al < 1 -> 0 < xs -> 0 < K ->
  let p := 1 + al in
  step al p xs (mk (K*xs) (-K*xs) ((K+1/K)*xs)) = mk (xs/K) (-(xs/K)) ((K+1/K)*xs)
  /\ step al p xs (mk (xs/K) (-(xs/K)) ((K+1/K)*xs)) = mk (K*xs) (-K*xs) ((K+1/K)*xs).
Proof.
  intros al xs K Hal Hxs HK p. unfold step, stepA, stepB, stepC, kap, p; simpl.
  split; f_equal; field; lra.
Qed.
