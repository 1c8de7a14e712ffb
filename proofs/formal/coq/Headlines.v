(** The headline theorems in the book's symbols, for sequences of weights. *)
From Coq Require Import Reals Lra Psatz Lia.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors ScaleInvariance SgdNorm.
From SphericalMotion Require HeavyBall HeavyBallGlobal.
Open Scope R_scope.

Theorem sgd_converges :
  forall (n : nat) (eta lam L : R) (w g : nat -> vec),
    0 < eta -> 0 < lam -> eta*lam < 1 -> 0 < L -> 0 < dot n (w O) (w O) ->
    (forall t, dot n (w t) (g t) = 0) ->
    (forall t, dot n (g t) (g t) = L / dot n (w t) (w t)) ->
    (forall t, w (S t) = lin (1-eta*lam) (w t) (-eta) (g t)) ->
    let x := fun t => dot n (w t) (w t) in
    let xs := sqrt (eta*L/(lam*(2-eta*lam))) in
    let a := (1-eta*lam)^2 in
    (forall t, Rabs (x t/xs - xs/x t) <= (Rmax a (1-a))^t * Rabs (x O/xs - xs/x O)) /\
    is_lim_seq x xs /\
    is_lim_seq (fun t => cosangle n (w t) (w (S t))) (1-eta*lam).
Proof.
  intros n eta lam L w g He Hl Hel HL Hw0 Ho Hg Hw x xs a.
  assert (Hp : 0 < eta*lam) by (apply Rmult_lt_0_compat; assumption).
  assert (Ha : 0 < a < 1) by (unfold a; nra).
  assert (Hfr : 0 < eta*L/(lam*(2-eta*lam))) by (apply Rdiv_lt_0_compat; apply Rmult_lt_0_compat; lra).
  assert (Hxs : 0 < xs) by (apply sqrt_lt_R0; exact Hfr).
  assert (Exs : xs*xs = eta*L/(lam*(2-eta*lam))) by (apply sqrt_sqrt; lra).
  set (b := (1-a)*xs*xs).
  assert (Eb : b = eta^2*L) by (unfold b; rewrite Rmult_assoc, Exs; unfold a; field; lra).
  assert (Hx : forall t, x t = SgdNorm.orbit a b (x O) t /\ 0 < x t).
  { induction t as [|t [IH P]]; [split; [reflexivity|exact Hw0]|].
    assert (E : x (S t) = norm_map a b (x t)).
    { unfold x at 1. rewrite Hw. change (lin (1-eta*lam) (w t) (-eta) (g t)) with (sgd_step eta lam (w t) (g t)).
      rewrite (norm_recursion n eta lam L (w t) (g t) P (Ho t) (Hg t)). unfold norm_map. rewrite Eb. reflexivity. }
    split; [rewrite E, IH; reflexivity|]. rewrite E. apply (f_pos a b xs Ha Hxs eq_refl (x t) P). }
  assert (Lx : is_lim_seq x xs).
  { apply is_lim_seq_ext with (SgdNorm.orbit a b (x O)); [intros t; symmetry; apply (proj1 (Hx t))|].
    apply (SgdNorm.orbit_lim a b xs Ha Hxs eq_refl (x O) Hw0). }
  split; [|split; [exact Lx|]].
  - intros t. rewrite (proj1 (Hx t)). apply (SgdNorm.lyapunov_iter a b xs Ha Hxs eq_refl (x O) t Hw0).
  - apply is_lim_seq_ext with (fun t => (1-eta*lam) * sqrt (x t / x (S t))).
    + intros t. rewrite Hw. change (lin (1-eta*lam) (w t) (-eta) (g t)) with (sgd_step eta lam (w t) (g t)).
      rewrite (cos_general n eta lam (w t) (g t) (proj2 (Hx t)) (Ho t)).
      * unfold x. rewrite Hw. reflexivity.
      * pose proof (proj2 (Hx (S t))) as P. unfold x in P. rewrite Hw in P. exact P.
    + replace (Finite (1-eta*lam)) with (Rbar_mult (1-eta*lam) (sqrt (xs/xs))) by
        (simpl; f_equal; replace (xs/xs) with 1 by (field; lra); rewrite sqrt_1; ring).
      apply is_lim_seq_scal_l. apply (is_lim_seq_continuous sqrt).
      * apply continuity_pt_sqrt. left; apply Rdiv_lt_0_compat; lra.
      * apply is_lim_seq_div'; [exact Lx | apply (is_lim_seq_incr_1 x); exact Lx | lra].
Qed.

Theorem sgdm_converges :
  forall (n : nat) (eta lam al L : R) (w m g : nat -> vec),
    -1 < al < 1 -> al <> 0 -> 0 < eta -> 0 < eta*lam < 2*(1+al) -> eta*lam <> 1+al -> 0 < L ->
    0 < dot n (w O) (w O) ->
    (forall t, dot n (w t) (g t) = 0) -> (forall t, dot n (m t) (g t) = 0) ->
    (forall t, dot n (g t) (g t) = L / dot n (w t) (w t)) ->
    (forall t, m (S t) = lin 1 (lin al (m t) 1 (g t)) lam (w t)) ->
    (forall t, w (S t) = lin 1 (w t) (-eta) (m (S t))) ->
    let x := fun t => dot n (w t) (w t) in
    let xs := sqrt (eta*L/(lam*(1-al)*(2-eta*lam/(1+al)))) in
    exists C rho, 0 <= C /\ 0 <= rho < 1 /\ forall t, Rabs (x (t+2)%nat - xs) <= C * rho^(t/4).
Proof.
  intros n eta lam al L w m g Hal Ha0 He Hp Hne HL Hw0 Hwg Hmg Hg Hm Hw x xs.
  assert (Hlam : 0 < lam) by nra.
  pose proof (HeavyBall.kap_pos al (eta*lam) Hal Hp) as Hk.
  assert (Hr : 0 < 2-eta*lam/(1+al)). { assert (eta*lam/(1+al) < 2) by (apply Rlt_div_l; lra). lra. }
  assert (Hfr : 0 < eta*L/(lam*(1-al)*(2-eta*lam/(1+al)))).
  { apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; assumption|]. apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat; lra | exact Hr]. }
  assert (Hxs : 0 < xs) by (apply sqrt_lt_R0; exact Hfr).
  assert (Exs : xs*xs = eta*L/(lam*(1-al)*(2-eta*lam/(1+al)))) by (apply sqrt_sqrt; lra).
  set (p := eta*lam) in *.
  assert (Eb : HeavyBall.kap al p*xs*xs = eta^2*L).
  { rewrite Rmult_assoc, Exs. unfold HeavyBall.kap, p. unfold p in Hr. field. repeat split; try lra.
    intros Z. assert (2-eta*lam/(1+al) = 0). { apply Rmult_eq_reg_r with (1+al); [|lra]. replace ((2-eta*lam/(1+al))*(1+al)) with (2*(1+al)-eta*lam) by (field; lra). lra. } lra. }
  set (X0 := HeavyBallGlobal.mk (x O) (eta*dot n (w O) (m O)) (eta^2*dot n (m O) (m O))).
  assert (G : forall t, Nat.iter t (HeavyBallGlobal.step al p xs) X0 =
     HeavyBallGlobal.mk (x t) (eta*dot n (w t) (m t)) (eta^2*dot n (m t) (m t)) /\ 0 < x t).
  { assert (PSD : forall s t, 0 <= HeavyBallGlobal.q X0 s t).
    { intros s t. unfold HeavyBallGlobal.q, HeavyBallGlobal.qf, X0, x; simpl.
      pose proof (dot_pos n (lin s (w O) (t*eta) (m O))) as P.
      rewrite dot_lin_l, !dot_lin_r, (dot_sym n (m O) (w O)) in P. lra. }
    (* positivity of |w_t|^2 along the orbit: q stays >= 0 and the noise adds a positive amount *)
    assert (I : forall t, (Nat.iter t (HeavyBallGlobal.step al p xs) X0 =
       HeavyBallGlobal.mk (x t) (eta*dot n (w t) (m t)) (eta^2*dot n (m t) (m t))) /\ 0 < x t
       /\ forall s u, 0 <= HeavyBallGlobal.q (HeavyBallGlobal.mk (x t) (eta*dot n (w t) (m t)) (eta^2*dot n (m t) (m t))) s u).
    { induction t as [|t [IH [P Q]]]; [split; [reflexivity|split; [exact Hw0|exact PSD]]|].
      destruct (HeavyBall.gram_recursion n eta lam al L (w t) (m t) (g t) P (Hwg t) (Hmg t) (Hg t)) as [E1 [E2 [E3 _]]].
      unfold HeavyBall.w1, HeavyBall.m1 in E1, E2, E3. rewrite <- Hm in E1, E2, E3. rewrite <- Hw in E1, E2.
      fold p in E1, E2, E3.
      assert (ES : Nat.iter (S t) (HeavyBallGlobal.step al p xs) X0 =
         HeavyBallGlobal.mk (x (S t)) (eta*dot n (w (S t)) (m (S t))) (eta^2*dot n (m (S t)) (m (S t)))).
      { simpl Nat.iter. rewrite IH. unfold HeavyBallGlobal.step at 1. simpl HeavyBallGlobal.sA. simpl HeavyBallGlobal.sB. simpl HeavyBallGlobal.sC.
        rewrite Eb. unfold x. rewrite E1, E2, E3. reflexivity. }
      split; [exact ES|].
      assert (EQ : forall s u, HeavyBallGlobal.q (HeavyBallGlobal.mk (x (S t)) (eta*dot n (w (S t)) (m (S t))) (eta^2*dot n (m (S t)) (m (S t)))) s u
         = HeavyBallGlobal.q (HeavyBallGlobal.mk (x t) (eta*dot n (w t) (m t)) (eta^2*dot n (m t) (m t))) (HeavyBallGlobal.Fs p s u) (HeavyBallGlobal.Ft al s u)
           + eta^2*L/x t*(u-s)^2).
      { intros s u. rewrite <- ES. simpl Nat.iter. rewrite IH. rewrite HeavyBallGlobal.q_step, Eb. reflexivity. }
      assert (Pos : 0 < eta^2*L/x t) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; [apply pow_lt; lra|lra]|exact P]).
      split.
      - pose proof (EQ 1 0) as E. rewrite HeavyBallGlobal.q10 in E. simpl HeavyBallGlobal.sA in E. rewrite E.
        pose proof (Q (HeavyBallGlobal.Fs p 1 0) (HeavyBallGlobal.Ft al 1 0)). replace ((0-1)^2) with 1 by ring. lra.
      - intros s u. rewrite EQ. pose proof (Q (HeavyBallGlobal.Fs p s u) (HeavyBallGlobal.Ft al s u)).
        assert (0 <= eta^2*L/x t*(u-s)^2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]). lra. }
    intros t. destruct (I t) as [I1 [I2 _]]. split; assumption. }
  destruct (HeavyBallGlobal.gram_converges al p xs Hal Ha0 Hp Hne Hxs X0 Hw0) as [C [rho [HC [Hrho H]]]].
  { intros s t. unfold HeavyBallGlobal.q, HeavyBallGlobal.qf, X0, x; simpl.
    pose proof (dot_pos n (lin s (w O) (t*eta) (m O))) as P.
    rewrite dot_lin_l, !dot_lin_r, (dot_sym n (m O) (w O)) in P. lra. }
  exists C, rho. split; [exact HC|]. split; [exact Hrho|]. intros t. specialize (H t).
  rewrite (proj1 (G (t+2)%nat)) in H. exact H.
Qed.

(** The same in one word each: a run of SGD under constant energy, its norm and its angle in the long run. *)
Definition sgd_run (n : nat) (eta lam L : R) (w g : nat -> vec) :=
  0 < eta /\ 0 < lam /\ eta*lam < 1 /\ 0 < L /\ 0 < dot n (w O) (w O) /\
  (forall t, dot n (w t) (g t) = 0) /\ (forall t, dot n (g t) (g t) = L / dot n (w t) (w t)) /\
  (forall t, w (S t) = lin (1-eta*lam) (w t) (-eta) (g t)).

Theorem sgd_norm : forall n eta lam L w g, sgd_run n eta lam L w g ->
  is_lim_seq (fun t => dot n (w t) (w t) ^ 2) (L*eta^2/(eta*lam*(2-eta*lam))).
Proof.
  intros n eta lam L w g (He & Hl & Hp & HL & H0 & Ho & Hg & Hw).
  destruct (sgd_converges n eta lam L w g He Hl Hp HL H0 Ho Hg Hw) as [_ [Hx _]].
  set (v := eta*L/(lam*(2-eta*lam))) in *.
  assert (Hv : 0 <= v).
  { unfold v. apply Rlt_le, Rdiv_lt_0_compat; apply Rmult_lt_0_compat; lra. }
  replace (Finite (L*eta^2/(eta*lam*(2-eta*lam)))) with (Rbar_mult (sqrt v) (sqrt v)).
  - apply is_lim_seq_ext with (fun t => dot n (w t) (w t) * dot n (w t) (w t)); [intros; ring|].
    apply is_lim_seq_mult'; exact Hx.
  - simpl. f_equal. rewrite sqrt_sqrt by exact Hv. unfold v. field. repeat split; lra.
Qed.
Theorem sgd_angle : forall n eta lam L w g, sgd_run n eta lam L w g ->
  is_lim_seq (fun t => cosangle n (w t) (w (S t))) (1 - eta*lam).
Proof.
  intros n eta lam L w g (He & Hl & Hp & HL & H0 & Ho & Hg & Hw).
  exact (proj2 (proj2 (sgd_converges n eta lam L w g He Hl Hp HL H0 Ho Hg Hw))).
Qed.
