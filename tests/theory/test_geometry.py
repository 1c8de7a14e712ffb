"""Angle, chord, sine and tangential ratio are four functions of one cosine."""

from sympy import Integer, Rational, Symbol, acos, cos, simplify, sin, sqrt

from theory import geometry

theta = Symbol("theta", positive=True)


def test_chord_is_twice_the_sine_of_half_the_angle():
    """chord = 2 sin(theta/2)."""
    assert simplify(geometry.chord(1 - cos(theta)) ** 2 - (2 * sin(theta / 2)) ** 2) == 0


def test_sine_is_the_sine():
    """sine^2 = sin^2 theta."""
    assert simplify(geometry.sine(1 - cos(theta)) ** 2 - sin(theta) ** 2) == 0


def test_angle_is_the_arccosine_at_exact_points():
    """2 asin(sqrt(x/2)) = acos(1 - x) at rational points on both sides of a right angle."""
    for lost in (Rational(1, 10**30), Rational(1, 3), Integer(1), Rational(9, 5), Integer(2)):
        assert abs((geometry.angle(lost) - acos(1 - lost)).evalf(30)) < 10**-28


def test_tangential_ratio_is_the_sine_at_a_fixed_norm():
    """The tangential step over |w| is sin theta |w'|/|w|: the sine where the norm does not grow."""
    lost = Rational(1, 5)
    assert geometry.tangential_ratio(lost, 1) == geometry.sine(lost)
    assert geometry.tangential_ratio(lost, 2) == 2 * geometry.sine(lost)


def test_the_four_quantities_differ():
    """At 60 degrees chord is 1, sine sqrt(3)/2 and the angle pi/3: no two of them agree."""
    lost = Rational(1, 2)
    values = [geometry.chord(lost), geometry.sine(lost), geometry.angle(lost), geometry.tangential_ratio(lost, 2)]
    assert values[:2] == [1, sqrt(3) / 2]
    assert len(set(values)) == 4
