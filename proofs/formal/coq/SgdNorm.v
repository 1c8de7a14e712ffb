(** SGD's squared norm x' = a x + b/x: global linear convergence with sharp constants.

    xs is the fixed point, b = (1-a) xs^2. *)
From Coq Require Import Reals Lra Psatz Lia.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import ScaleInvariance.
Open Scope R_scope.

Section Norm.
Variables a b xs : R.
Hypothesis Ha : 0 < a < 1.
Hypothesis Hxs : 0 < xs.
Hypothesis Hb : b = (1 - a) * xs * xs.     (* xs = sqrt (b/(1-a)) *)
Notation f := (norm_map a b).
Definition orbit (x0 : R) (t : nat) := Nat.iter t f x0.

Lemma b_pos : 0 < b. Proof. rewrite Hb. apply Rmult_lt_0_compat; nra. Qed.
Lemma f_pos x : 0 < x -> 0 < f x.
Proof. intros Hx. unfold norm_map. pose proof b_pos. assert (0 < b/x) by (apply Rdiv_lt_0_compat; lra). nra. Qed.
Lemma orbit_pos x0 t : 0 < x0 -> 0 < orbit x0 t.
Proof. intros H. induction t; simpl; [assumption | apply f_pos; assumption]. Qed.
Lemma orbit_S x0 t : orbit x0 (S t) = f (orbit x0 t). Proof. reflexivity. Qed.

(** exact chord identity *)
Theorem chord : forall x, 0 < x -> f x - xs = (x - xs) * (a - (1 - a) * xs / x).
Proof. intros x Hx. unfold norm_map. rewrite Hb. field. lra. Qed.

(** AM-GM : after one step x >= 2 sqrt(ab) *)
Definition m := 2 * sqrt (a * b).
Lemma m_sq : m * m = 4 * a * b.
Proof. unfold m. pose proof b_pos. replace (2*sqrt(a*b)*(2*sqrt(a*b))) with (4*(sqrt(a*b)*sqrt(a*b))) by ring.
  rewrite sqrt_sqrt by nra. ring. Qed.
Lemma m_pos : 0 < m.
Proof. unfold m. pose proof b_pos. assert (0 < sqrt (a*b)) by (apply sqrt_lt_R0; nra). lra. Qed.
Theorem after_one_step : forall x, 0 < x -> m <= f x.
Proof.
  intros x Hx. pose proof m_pos. pose proof m_sq. pose proof (f_pos x Hx).
  apply Rsqr_incr_0; try lra. unfold Rsqr. rewrite m_sq.
  assert (E : f x * x = a*x*x + b) by (unfold norm_map; field; lra).
  assert (H2 : 0 <= (f x * f x - 4*a*b) * (x*x)).
  { replace ((f x * f x - 4*a*b)*(x*x)) with ((f x * x)*(f x * x) - 4*a*b*(x*x)) by ring.
    rewrite E. replace ((a*x*x+b)*(a*x*x+b) - 4*a*b*(x*x)) with ((a*x*x-b)*(a*x*x-b)) by ring. apply Rle_0_sqr. }
  assert (0 < x*x) by nra. nra.
Qed.

(** sharp contraction factor on [2 sqrt(ab), oo) *)
Definition sl := sqrt ((1 - a) / (4 * a)).
Definition rho := Rmax a (sl - a).
Lemma sl_pos : 0 < sl.
Proof. apply sqrt_lt_R0. apply Rdiv_lt_0_compat; lra. Qed.
Lemma sl_sq : sl * sl * (4 * a) = 1 - a.
Proof. unfold sl. rewrite sqrt_sqrt. field; lra. left. apply Rdiv_lt_0_compat; lra. Qed.
(** m/xs = (1-a)/sl *)
Lemma m_sl : m * sl = (1 - a) * xs.
Proof.
  pose proof m_pos; pose proof sl_pos. pose proof m_sq as M; pose proof sl_sq as S.
  assert (Q : (m*sl)*(m*sl) = ((1-a)*xs)*((1-a)*xs)).
  { replace ((m*sl)*(m*sl)) with ((m*m)*(sl*sl)) by ring. rewrite M.
    replace (4*a*b*(sl*sl)) with (b*(sl*sl*(4*a))) by ring. rewrite S, Hb. ring. }
  assert (0 < m*sl) by nra. assert (0 < (1-a)*xs) by nra. nra.
Qed.
Lemma slope_lower x : m <= x -> (1 - a) * xs / x <= sl.
Proof.
  intros Hx. pose proof m_pos; pose proof sl_pos; pose proof m_sl.
  apply Rmult_le_reg_r with x; [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.
Lemma slope_upper x : 0 < x -> 0 < (1 - a) * xs / x.
Proof. intros. apply Rdiv_lt_0_compat; nra. Qed.

Theorem contraction : forall x, m <= x -> Rabs (f x - xs) <= rho * Rabs (x - xs).
Proof.
  intros x Hx. pose proof m_pos. rewrite chord by lra. rewrite Rabs_mult, Rmult_comm.
  apply Rmult_le_compat_r; [apply Rabs_pos|].
  pose proof (slope_lower x Hx). pose proof (slope_upper x ltac:(lra)).
  pose proof (Rmax_l a (sl - a)). pose proof (Rmax_r a (sl - a)).
  apply Rabs_le. unfold rho. lra.
Qed.

(** sharpness: no smaller constant works on [2 sqrt(ab), oo) *)
Theorem contraction_sharp : forall r,
  (forall x, m <= x -> Rabs (f x - xs) <= r * Rabs (x - xs)) -> rho <= r.
Proof.
  intros r Hr. pose proof m_pos as Hm; pose proof sl_pos as Hs.
  assert (Hr1 : forall x, m <= x -> x <> xs -> Rabs (a - (1-a)*xs/x) <= r).
  { intros x Hx Hne. specialize (Hr x Hx). rewrite chord, Rabs_mult, Rmult_comm in Hr by lra.
    apply Rmult_le_reg_r with (Rabs (x - xs)); [apply Rabs_pos_lt; lra | exact Hr]. }
  assert (Har : a <= r).
  { apply Rnot_lt_le. intros Hlt.
    set (x := m + 2 * xs + (1-a)*xs/(a-r) + 1).
    assert (P : 0 < (1-a)*xs/(a-r)) by (apply Rdiv_lt_0_compat; nra).
    assert (Hx : m <= x) by (unfold x; lra).
    specialize (Hr1 x Hx ltac:(unfold x; lra)).
    apply Rabs_le_between in Hr1. destruct Hr1 as [_ Hr1].
    assert ((1-a)*xs/x < a - r).
    { apply Rmult_lt_reg_r with x; [lra|]. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l by lra.
      assert ((1-a)*xs/(a-r)*(a-r) = (1-a)*xs) by (field; lra).
      assert (0 < (a-r)*(m+2*xs+1)) by nra. unfold x; nra. }
    lra. }
  apply Rmax_lub; [exact Har|].
  destruct (Req_dec m xs) as [E|E].
  - (* m = xs <-> a = 1/2, then sl - a = 0 *)
    pose proof m_sl as M. rewrite E in M. assert (sl = 1 - a) by nra. pose proof sl_sq as S. rewrite H in S. nra.
  - specialize (Hr1 m ltac:(lra) E). apply Rabs_le_between in Hr1. destruct Hr1 as [Hr1 _].
    replace ((1-a)*xs/m) with sl in Hr1; [lra|]. rewrite <- m_sl. field. lra.
Qed.

Theorem rho_lt_1_iff : rho < 1 <-> 4*a^3 + 8*a^2 + 5*a - 1 > 0.
Proof.
  pose proof sl_pos; pose proof sl_sq. unfold rho. split.
  - intros Hm. apply Rmax_Rlt in Hm. destruct Hm as [_ Hm].
    assert (sl*sl < (1+a)*(1+a)) by nra. nra.
  - intros Hp. apply Rmax_Rlt. split; [lra|].
    assert (sl*sl < (1+a)*(1+a)) by nra. nra.
Qed.
Theorem rho_eq_a_iff : rho = a <-> 16*a^3 + a - 1 >= 0.
Proof.
  pose proof sl_pos; pose proof sl_sq. unfold rho. split.
  - intros Hm. assert (sl - a <= a) by (rewrite <- Hm at 2; apply Rmax_r).
    assert (sl*sl <= (2*a)*(2*a)) by nra. nra.
  - intros Hp. apply Rmax_left. assert (sl*sl <= (2*a)*(2*a)) by nra. nra.
Qed.

Theorem global_linear : forall x0 t, 0 < x0 ->
  Rabs (orbit x0 (S t) - xs) <= rho ^ t * Rabs (orbit x0 1 - xs).
Proof.
  intros x0 t Hx0. induction t.
  - simpl. lra.
  - rewrite orbit_S. pose proof (orbit_pos x0 t Hx0) as P.
    eapply Rle_trans. { apply contraction. rewrite orbit_S. apply after_one_step. exact P. }
    simpl (rho ^ S t). rewrite Rmult_assoc. apply Rmult_le_compat_l; [|exact IHt].
    unfold rho. pose proof (Rmax_l a (sl-a)). lra.
Qed.

(** monotone regime a >= 1/2: the sign of x - xs is kept and the gap shrinks at least by a;
    from below (x <= xs) it shrinks at least by the local rate 2a-1 *)
Theorem monotone_regime : 1/2 <= a -> forall x, m <= x ->
  (xs <= x -> 0 <= f x - xs <= a * (x - xs)) /\ (x <= xs -> 0 <= xs - f x <= (2*a-1) * (xs - x)).
Proof.
  intros Hh x Hx. pose proof m_pos. pose proof (slope_lower x Hx) as S1. pose proof (slope_upper x ltac:(lra)) as S2.
  assert (sl <= a). { pose proof sl_pos; pose proof sl_sq. nra. }
  pose proof (chord x ltac:(lra)) as C. set (k := (1-a)*xs/x) in *. split; intros Hc.
  - rewrite C. nra.
  - assert (1 - a <= k). { unfold k. apply Rmult_le_reg_r with x; [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra. }
    replace (xs - f x) with ((xs - x)*(a-k)) by lra. nra.
Qed.

(** Lyapunov function R(x) = |x/xs - xs/x| : contracts by M = max(a,1-a) for EVERY x>0 and EVERY a in (0,1) *)
Definition Ly (x : R) := x/xs - xs/x.
Definition M := Rmax a (1 - a).
Lemma Ly_step x : 0 < x ->
  Ly (f x) = Ly x * ((a*a*(x*x) - (1-a)*(1-a)*(xs*xs)) / (a*(x*x) + (1-a)*(xs*xs))).
Proof.
  intros Hx. unfold Ly, norm_map. rewrite Hb.
  assert (0 < x*x) by nra. assert (0 < xs*xs) by nra.
  field. repeat split; try lra; nra.
Qed.
Lemma M_bounds : a <= M /\ 1-a <= M /\ M < 1.
Proof. unfold M. repeat split; [apply Rmax_l | apply Rmax_r | apply Rmax_lub_lt; lra]. Qed.
Theorem lyapunov : forall x, 0 < x -> Rabs (Ly (f x)) <= M * Rabs (Ly x).
Proof.
  intros x Hx. rewrite Ly_step by exact Hx. rewrite Rabs_mult, Rmult_comm.
  apply Rmult_le_compat_r; [apply Rabs_pos|].
  destruct M_bounds as [M1 [M2 M3]].
  assert (0 < x*x) by nra. assert (0 < xs*xs) by nra.
  set (D := a*(x*x) + (1-a)*(xs*xs)). assert (HD : 0 < D) by (unfold D; nra).
  apply Rabs_le. split.
  - apply Rmult_le_reg_r with D; [exact HD|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. unfold D.
    assert (0 <= (M - (1-a)) * ((1-a)*(xs*xs))) by (apply Rmult_le_pos; nra).
    assert (0 <= M*a*(x*x)) by (apply Rmult_le_pos; nra). nra.
  - apply Rmult_le_reg_r with D; [exact HD|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. unfold D.
    assert (0 <= (M - a) * (a*(x*x))) by (apply Rmult_le_pos; nra).
    assert (0 <= M*(1-a)*(xs*xs)) by (apply Rmult_le_pos; nra). nra.
Qed.
Theorem lyapunov_iter : forall x0 t, 0 < x0 -> Rabs (Ly (orbit x0 t)) <= M ^ t * Rabs (Ly x0).
Proof.
  intros x0 t Hx0. induction t; [simpl; lra|]. rewrite orbit_S.
  eapply Rle_trans; [apply lyapunov, orbit_pos, Hx0|]. simpl. rewrite Rmult_assoc.
  apply Rmult_le_compat_l; [|exact IHt]. destruct M_bounds; lra.
Qed.
Lemma D_pos x : 0 < x -> 0 < a*(x*x) + (1-a)*(xs*xs).
Proof. intros. assert (0 < x*x) by nra. assert (0 < xs*xs) by nra. nra. Qed.
(** M is optimal *)
Theorem lyapunov_sharp : forall r, (forall x, 0 < x -> Rabs (Ly (f x)) <= r * Rabs (Ly x)) -> M <= r.
Proof.
  intros r Hr.
  assert (Q : forall x, 0 < x -> x <> xs ->
     Rabs ((a*a*(x*x) - (1-a)*(1-a)*(xs*xs)) / (a*(x*x) + (1-a)*(xs*xs))) <= r).
  { intros x Hx Hne. specialize (Hr x Hx). rewrite Ly_step, Rabs_mult, Rmult_comm in Hr by exact Hx.
    apply Rmult_le_reg_r with (Rabs (Ly x)); [|exact Hr]. apply Rabs_pos_lt. unfold Ly.
    intros Hz. apply Hne. assert (E : (x*x - xs*xs) = 0).
    { replace (x*x - xs*xs) with ((x/xs - xs/x)*(x*xs)) by (field; lra). rewrite Hz; ring. } nra. }
  assert (Hxx : 0 < xs*xs) by nra.
  apply Rmax_lub; apply Rnot_lt_le; intros Hlt.
  - (* large x *)
    assert (Hr0 : 0 <= r) by (eapply Rle_trans; [apply Rabs_pos | apply (Q (2*xs)); lra]).
    set (k := 1 + 2/(a*(a-r))). assert (Hk : 1 < k) by (unfold k; assert (0 < 2/(a*(a-r))) by (apply Rdiv_lt_0_compat; nra); lra).
    assert (Hk2 : k*(a*(a-r)) > 2) by (unfold k; assert (2/(a*(a-r))*(a*(a-r)) = 2) by (field; nra); nra).
    specialize (Q (k*xs) ltac:(nra) ltac:(nra)). apply Rabs_le_between in Q. destruct Q as [_ Q].
    pose proof (D_pos (k*xs) ltac:(nra)) as HD.
    apply Rle_div_l in Q; [|lra].
    assert (Q' : (xs*xs)*(a*(a-r)*(k*k)) <= (xs*xs)*((1-a)*((1-a)+r))) by nra.
    apply Rmult_le_reg_l in Q'; [|exact Hxx].
    assert ((1-a)*((1-a)+r) <= 1) by nra. nra.
  - assert (Hr0 : 0 <= r) by (eapply Rle_trans; [apply Rabs_pos | apply (Q (2*xs)); lra]).
    set (k := 1 + 2/((1-a)*((1-a)-r))).
    assert (Hk : 1 < k) by (unfold k; assert (0 < 2/((1-a)*((1-a)-r))) by (apply Rdiv_lt_0_compat; nra); lra).
    assert (Hk2 : k*((1-a)*((1-a)-r)) > 2) by (unfold k; assert (2/((1-a)*((1-a)-r))*((1-a)*((1-a)-r)) = 2) by (field; nra); nra).
    assert (Hpos : 0 < xs/k) by (apply Rdiv_lt_0_compat; lra).
    assert (Ek : xs/k*k = xs) by (field; lra).
    set (x := xs/k) in *. specialize (Q x Hpos ltac:(nra)). apply Rabs_le_between in Q. destruct Q as [Q _].
    pose proof (D_pos x Hpos) as HD. rewrite <- Ek in Q, HD.
    apply Rle_div_r in Q; [|lra].
    assert (Q' : (x*x)*((1-a)*((1-a)-r)*(k*k)) <= (x*x)*(a*(a+r))) by nra.
    apply Rmult_le_reg_l in Q'; [|nra].
    assert (a*(a+r) <= 1) by nra. nra.
Qed.

(** y = x^2 = |w|^4 *)
Theorem y_recursion : forall x, 0 < x -> (f x)*(f x) = a*a*(x*x) + 2*a*b + b*b/(x*x).
Proof. intros x Hx. unfold norm_map. field. lra. Qed.
Theorem y_contraction : 1/2 <= a -> forall x, m <= x ->
  Rabs (f x * f x - xs*xs) <= a*a * Rabs (x*x - xs*xs).
Proof.
  intros Hh x Hx. pose proof m_pos. pose proof m_sq as Mq.
  assert (E : f x * f x - xs*xs = (x*x - xs*xs)*(a*a - (1-a)*(1-a)*(xs*xs)/(x*x))).
  { unfold norm_map. rewrite Hb. field. lra. }
  rewrite E, Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos|].
  assert (m*m <= x*x) by nra. rewrite Mq, Hb in H0. assert (0 < x*x) by nra. assert (0 < xs*xs) by nra.
  set (k := (1-a)*(1-a)*(xs*xs)/(x*x)).
  assert (0 <= k) by (left; apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; nra | lra]).
  assert (k <= 2*(a*a)). { unfold k. apply Rmult_le_reg_r with (x*x); [lra|]. unfold Rdiv.
    rewrite Rmult_assoc, Rinv_l by lra.
    assert (A1 : (1-a)*(1-a)*(xs*xs) <= 2*(a*a)*(4*a*((1-a)*xs*xs))).
    { replace (2*(a*a)*(4*a*((1-a)*xs*xs))) with ((1-a)*(8*a*a*a)*(xs*xs)) by ring.
      apply Rmult_le_compat_r; [lra|]. apply Rmult_le_compat_l; [lra|]. nra. }
    nra. }
  apply Rabs_le. lra.
Qed.

(** convergence for all a in (0,1), all x0>0 *)
Theorem orbit_lim : forall x0, 0 < x0 -> is_lim_seq (orbit x0) xs.
Proof.
  intros x0 Hx0. destruct M_bounds as [M1 [M2 M3]].
  set (c := Rabs (Ly x0)).
  assert (Hc : 0 <= c) by apply Rabs_pos.
  (* |x - xs| <= xs * B * |Ly x| once x <= B xs;  here  x/xs <= 1 + |Ly x| *)
  assert (Hb1 : forall x, 0 < x -> Rabs (x - xs) <= xs * ((1 + Rabs (Ly x)) * Rabs (Ly x))).
  { intros x Hx. set (u := x/xs). assert (Hu : 0 < u) by (apply Rdiv_lt_0_compat; lra).
    assert (Eu : x = u * xs) by (unfold u; field; lra).
    assert (EL : Ly x * u = u*u - 1). { unfold Ly, u. field. split; lra. }
    replace (x - xs) with (xs*(u-1)) by (rewrite Eu; ring). rewrite Rabs_mult, (Rabs_right xs) by lra.
    apply Rmult_le_compat_l; [lra|]. set (l := Ly x) in *.
    unfold Rabs; destruct (Rcase_abs (u-1)), (Rcase_abs l); nra. }
  apply is_lim_seq_ext with (fun t => xs + (orbit x0 t - xs)); [intros; lra|].
  replace (Finite xs) with (Rbar_plus xs 0) by (simpl; f_equal; lra).
  apply is_lim_seq_plus'; [apply is_lim_seq_const|].
  apply is_lim_seq_abs_0.
  apply is_lim_seq_le_le with (fun _ => 0) (fun t => (xs*((1+c)*c)) * M^t).
  - intros t. split; [apply Rabs_pos|].
    pose proof (lyapunov_iter x0 t Hx0) as L. fold c in L.
    eapply Rle_trans; [apply Hb1, orbit_pos, Hx0|].
    set (l := Rabs (Ly (orbit x0 t))) in *. assert (0 <= l) by apply Rabs_pos.
    assert (0 <= M^t <= 1). { split; [apply pow_le; lra | rewrite <- (pow1 t); apply pow_incr; lra]. }
    assert (l <= c) by nra.
    replace (xs*((1+c)*c)*M^t) with (xs*((1+c)*(M^t*c))) by ring.
    apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat; lra.
  - apply is_lim_seq_const.
  - replace (Finite 0) with (Rbar_mult (xs*((1+c)*c)) 0) by (simpl; f_equal; ring).
    apply is_lim_seq_scal_l. apply is_lim_seq_geom. rewrite Rabs_right; lra.
Qed.
End Norm.
