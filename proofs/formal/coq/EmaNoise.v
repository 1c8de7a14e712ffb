(** Normalised updates with an EMA of stationary noise and decoupled decay: AdamW, and rules linear in (m, g).

    w' = q w - eta u, u = k1 m + k2 g, m' = be m + (1-be) g, q = 1 - p; <w,g> = <m,g> = 0, |g|^2 = G,
    |m|^2 = (1-be)/(1+be) G. *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
From SphericalMotion Require Import Vectors.
Open Scope R_scope.

Section VecA.
Variables (n : nat) (eta q be k1 k2 G sg : R) (w mm g : vec).
Hypothesis Hwg : dot n w g = 0.
Hypothesis Hmg : dot n mm g = 0.
Hypothesis Hg : dot n g g = G.
Hypothesis Hm : dot n mm mm = sg.
Definition u : vec := lin k1 mm k2 g.
Definition wn : vec := lin q w (- eta) u.
Definition mn : vec := lin be mm (1-be) g.
Definition U := k1^2*sg + k2^2*G.
Definition g1 := k1*be*sg + k2*(1-be)*G.
Theorem gram_adam :
  dot n u u = U /\
  dot n wn wn = q^2*dot n w w - 2*q*eta*k1*dot n w mm + eta^2*U /\
  dot n wn mn = q*be*dot n w mm - eta*g1 /\
  dot n w wn = q*dot n w w - eta*k1*dot n w mm /\
  dot n mn mn = be^2*sg + (1-be)^2*G.
Proof.
  unfold wn, mn, u, U, g1. repeat rewrite ?dot_lin_l, ?dot_lin_r.
  rewrite (dot_sym n g w), (dot_sym n g mm), (dot_sym n mm w), Hwg, Hmg, Hg, Hm. repeat split; ring.
Qed.
End VecA.
Theorem stationary_ema : forall be G, -1 < be < 1 -> be^2*((1-be)/(1+be)*G) + (1-be)^2*G = (1-be)/(1+be)*G.
Proof. intros be G H. field. lra. Qed.

Section Rec.
Variables eta q be k1 U g1 : R.
Hypothesis Hq : 0 < q < 1.
Hypothesis Hbe : 0 <= be < 1.
Hypothesis Heta : 0 < eta.
Hypothesis HU : 0 < U.
Definition mu_s := - eta*g1/(1-q*be).
Definition rho_s := eta^2*(U + 2*q*(k1*g1)/(1-q*be))/(1-q^2).
Lemma qb : 0 <= q*be < 1. Proof. nra. Qed.
Theorem fixed_point_adam : forall mu rho,
  (mu = q*be*mu - eta*g1 /\ rho = q^2*rho - 2*q*eta*k1*mu + eta^2*U) <-> (mu = mu_s /\ rho = rho_s).
Proof.
  intros mu rho. pose proof qb. assert (0 < 1-q^2) by nra. unfold mu_s, rho_s. split.
  - intros [E1 E2]. assert (M : mu = - eta*g1/(1-q*be)).
    { apply Rmult_eq_reg_r with (1-q*be); [|lra]. replace (- eta*g1/(1-q*be)*(1-q*be)) with (-eta*g1) by (field; lra). lra. }
    split; [exact M|]. rewrite M in E2. apply Rmult_eq_reg_r with (1-q^2); [|lra].
    replace (rho*(1-q^2)) with (- 2*q*eta*k1*(- eta*g1/(1-q*be)) + eta^2*U) by lra. field. split; lra.
  - intros [-> ->]. split; field; repeat split; lra.
Qed.

(** exact equilibrium angle, r = gamma_1/gamma_0 = k1 g1 / U *)
Theorem cos_adam : 0 < U + 2*q*(k1*g1)/(1-q*be) -> let r := k1*g1/U in
  (q*rho_s - eta*k1*mu_s)/rho_s = 1 - (1-q)*(1-q*be-r*(1-q))/(1-q*be+2*q*r).
Proof.
  intros Hpos r. pose proof qb. assert (0 < 1-q^2) by nra. unfold rho_s, mu_s, r.
  assert (0 < U*(1-q*be) + 2*q*k1*g1).
  { replace (U*(1-q*be)+2*q*k1*g1) with ((U + 2*q*(k1*g1)/(1-q*be))*(1-q*be)) by (field; lra). apply Rmult_lt_0_compat; lra. }
  field. repeat split; try lra.
Qed.

(** linear convergence from any (mu_0, rho_0) *)
Variables mu0 rho0 : R.
Fixpoint orb (t : nat) : R * R := match t with O => (mu0, rho0) | S t' =>
  let (mu, rho) := orb t' in (q*be*mu - eta*g1, q^2*rho - 2*q*eta*k1*mu + eta^2*U) end.
Definition d0 := mu0 - mu_s.
Definition e0 := rho0 - rho_s.
Theorem orb_mu : forall t, fst (orb t) - mu_s = (q*be)^t * d0.
Proof.
  pose proof qb. induction t; [simpl; unfold d0; ring|]. simpl. destruct (orb t) as [mu rho]; simpl in *.
  replace (q*be*mu - eta*g1 - mu_s) with (q*be*(mu-mu_s)) by (unfold mu_s; field; lra). rewrite IHt. ring.
Qed.
Theorem orb_rho : forall t, Rabs (snd (orb t) - rho_s) <= (Rabs e0 + 2*eta*Rabs k1*Rabs d0/(1-q)) * q^t.
Proof.
  pose proof qb. set (K := Rabs e0 + 2*eta*Rabs k1*Rabs d0/(1-q)).
  assert (HN : 0 <= 2*eta*Rabs k1*Rabs d0). { pose proof (Rabs_pos k1); pose proof (Rabs_pos d0).
    apply Rmult_le_pos; [|lra]. apply Rmult_le_pos; lra. }
  assert (HN2 : 0 <= 2*eta*Rabs k1*Rabs d0/(1-q)). { apply Rmult_le_pos; [exact HN|]. left; apply Rinv_0_lt_compat; lra. }
  assert (HK : q*K + 2*eta*Rabs k1*Rabs d0 <= K).
  { unfold K. set (N := 2*eta*Rabs k1*Rabs d0) in *. pose proof (Rabs_pos e0).
    assert (N = (N/(1-q))*(1-q)) by (field; lra). assert (q*Rabs e0 <= Rabs e0) by nra. lra. }
  induction t.
  - simpl. unfold K. fold e0. lra.
  - pose proof (orb_mu t) as M. simpl orb. destruct (orb t) as [mu rho]; simpl in IHt, M |- *.
    assert (E : q*(q*1)*rho - 2*q*eta*k1*mu + eta*(eta*1)*U - rho_s = q^2*(rho-rho_s) - 2*q*eta*k1*(mu-mu_s)).
    { destruct (proj2 (fixed_point_adam mu_s rho_s) (conj eq_refl eq_refl)) as [_ F]. rewrite F at 1. ring. }
    rewrite E, M.
    eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp, !Rabs_mult.
    rewrite (Rabs_right (q^2)) by (apply Rle_ge, pow2_ge_0). rewrite (Rabs_right 2), (Rabs_right q), (Rabs_right eta) by lra.
    rewrite <- RPow_abs, (Rabs_right (q*be)) by lra.
    assert (Hp : 0 <= q^t) by (apply pow_le; lra).
    assert (Hqb : (q*be)^t <= q^t) by (apply pow_incr; nra).
    assert (Hqb0 : 0 <= (q*be)^t) by (apply pow_le; lra).
    pose proof (Rabs_pos k1); pose proof (Rabs_pos d0). pose proof (Rabs_pos (rho-rho_s)).
    set (N := 2*eta*Rabs k1*Rabs d0) in *.
    replace (2*q*eta*Rabs k1*((q*be)^t*Rabs d0)) with (q*((q*be)^t*N)) by (unfold N; ring).
    assert (T1 : (q*be)^t*N <= q^t*N) by (apply Rmult_le_compat_r; lra).
    assert (T2 : q^2*Rabs (rho-rho_s) <= q^2*(K*q^t)) by (apply Rmult_le_compat_l; [apply pow2_ge_0|exact IHt]).
    assert (T3 : q^t*(q*K+N) <= q^t*K) by (apply Rmult_le_compat_l; lra).
    replace (K*(q*q^t)) with (q*(q^t*K)) by ring.
    apply Rle_trans with (q*(q^t*(q*K+N))); [|apply Rmult_le_compat_l; lra].
    replace (q*(q^t*(q*K+N))) with (q^2*(K*q^t) + q*(q^t*N)) by ring.
    apply Rplus_le_compat; [exact T2|]. apply Rmult_le_compat_l; lra.
Qed.
Theorem orb_lim : is_lim_seq (fun t => snd (orb t)) rho_s.
Proof.
  set (K := Rabs e0 + 2*eta*Rabs k1*Rabs d0/(1-q)).
  apply is_lim_seq_ext with (fun t => rho_s + (snd (orb t) - rho_s)); [intros; lra|].
  replace (Finite rho_s) with (Rbar_plus rho_s 0) by (simpl; f_equal; lra).
  apply is_lim_seq_plus'; [apply is_lim_seq_const|]. apply is_lim_seq_abs_0.
  apply is_lim_seq_le_le with (fun _ => 0) (fun t => K*q^t).
  - intros t; split; [apply Rabs_pos | apply orb_rho].
  - apply is_lim_seq_const.
  - replace (Finite 0) with (Rbar_mult K 0) by (simpl; f_equal; ring).
    apply is_lim_seq_scal_l, is_lim_seq_geom. rewrite Rabs_right; lra.
Qed.
End Rec.

(** ** AdamW : k1 = be, k2 = 1-be  =>  r = be and cos = (q+be)/(1+q be) (relativistic addition of q and be) *)
Theorem adamw_equilibrium : forall eta q be G, 0 < q < 1 -> 0 <= be < 1 -> 0 < eta -> 0 < G ->
  let sg := (1-be)/(1+be)*G in let U := U be (1-be) G sg in let g1 := g1 be be (1-be) G sg in
  U = sg /\ rho_s eta q be be U g1 = eta^2*sg*(1+be*q)/((1-be*q)*(1-q^2))
  /\ (q*rho_s eta q be be U g1 - eta*be*mu_s eta q be g1)/rho_s eta q be be U g1 = (q+be)/(1+q*be).
Proof.
  intros eta q be G Hq Hbe Heta HG sg U' g1'.
  assert (0 < 1-q^2) by nra. assert (0 <= q*be) by nra. assert (q*be < 1) by nra.
  assert (Hsg : 0 < sg) by (unfold sg; apply Rmult_lt_0_compat; [apply Rdiv_lt_0_compat; lra | exact HG]).
  assert (HG' : (1-be)*G = (1+be)*sg) by (unfold sg; field; lra).
  assert (EU : U' = sg). { unfold U', U. replace ((1-be)^2*G) with ((1-be)*((1-be)*G)) by ring. rewrite HG'. ring. }
  assert (Eg : g1' = sg). { unfold g1', g1. replace ((1-be)*(1-be)*G) with ((1-be)*((1-be)*G)) by ring. rewrite HG'. ring. }
  split; [exact EU|]. rewrite EU, Eg. clearbody sg. unfold rho_s, mu_s. clear U' g1' EU Eg HG'.
  assert (0 < sg*(1+q*be)) by (apply Rmult_lt_0_compat; lra).
  split; field; repeat split; try lra; try nra.
Qed.
(** plain normalised update: k1=0,k2=1 : cos = q *)
Theorem normalized_sgd_equilibrium : forall eta q be G sg, 0 < q < 1 -> 0 <= be < 1 -> 0 < eta -> 0 < G ->
  rho_s eta q be 0 G (g1 be 0 1 G sg) = eta^2*G/(1-q^2)
  /\ (q*rho_s eta q be 0 G (g1 be 0 1 G sg) - eta*0*mu_s eta q be (g1 be 0 1 G sg))/rho_s eta q be 0 G (g1 be 0 1 G sg) = q.
Proof.
  intros eta q be G sg Hq Hbe He HG. assert (0 < 1-q^2) by nra. assert (q*be < 1) by nra.
  unfold rho_s, mu_s, g1. split; field; repeat split; try lra; nra.
Qed.
(** bracket for the approximation 1-cos ~ p(1-be)/(1+be), p = 1-q *)
Theorem adamw_bracket : forall q be, 0 < q < 1 -> 0 <= be < 1 ->
  (1-q)*(1-be)/(1+be) <= 1 - (q+be)/(1+q*be) <= (1-q)*(1-be)/(1+be)/q.
Proof.
  intros q be Hq Hbe. assert (0 <= q*be) by nra.
  replace (1-(q+be)/(1+q*be)) with ((1-q)*(1-be)/(1+q*be)) by (field; lra).
  assert (0 < (1-q)*(1-be)) by nra. split.
  - apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; nra.
  - replace ((1-q)*(1-be)/(1+be)/q) with ((1-q)*(1-be)*/(q*(1+be))) by (field; lra).
    apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; nra.
Qed.
