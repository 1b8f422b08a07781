//! A random number generator whose numbers depend on a seed and a name alone, on every machine and in any order.

/// SplitMix64 over a state made of a seed, a stream and an index, so that row `n` is known without rows `0..n`.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The generator of one row: `stream` tells tables apart, `index` rows.
    pub fn of(seed: u64, stream: u64, index: u64) -> Self {
        let mut random = Self(seed ^ stream.rotate_left(32));
        let mixed = random.bits();
        Self(mixed ^ index.wrapping_mul(0xd1b5_4a32_d192_ed03))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A signed 64-bit number, as the source's ids are.
    pub fn id(&mut self) -> i64 {
        self.bits().cast_signed()
    }

    /// A whole number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.bits()) * u128::from(end)) >> 64).unwrap_or(0)
    }

    /// True in `per_mille` of 1,000 cases.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of several values; `values` is never empty.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        let at = self.below(values.len() as u64);
        values[usize::try_from(at).unwrap_or(0)]
    }

    /// One of several values, each as often as its weight says; the first where all weights are 0.
    pub fn weighted<T: Copy>(&mut self, values: &[(T, u64)]) -> T {
        let mut left = self.below(values.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in values {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        values[0].0
    }

    /// `e` to the power of a normally distributed number, as amounts of money are: the sum of four uniform
    /// numbers is near enough to normal, and is the same on every processor.
    pub fn log_normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let bits = self.bits();
        let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xffff).sum();
        let uniform = f64::from(u32::try_from(sum).unwrap_or(0)) / 65_535.0;
        exp(mean + deviation * (uniform - 2.0) * 3.0_f64.sqrt())
    }
}

/// `e` to the power of `x`, by additions and multiplications only: the system's own differs between systems.
fn exp(x: f64) -> f64 {
    let halvings = 10;
    let small = x / f64::from(1 << halvings);
    let series = (1..12).rev().fold(1.0, |sum, n| 1.0 + sum * small / f64::from(n));
    (0..halvings).fold(series, |power, _| power * power)
}

#[cfg(test)]
mod tests {
    use super::{Random, exp};

    #[test]
    fn numbers_never_change() {
        let mut random = Random::of(7, 1, 42);
        assert_eq!(random.bits(), Random::of(7, 1, 42).bits());
        let amounts: Vec<f64> = (0..3).map(|_| random.log_normal(7.5, 1.2).round()).collect();
        assert_eq!(amounts.len(), 3);
        assert_ne!(Random::of(7, 1, 42).bits(), Random::of(7, 1, 43).bits());
        assert_ne!(Random::of(7, 1, 42).bits(), Random::of(7, 2, 42).bits());
        assert_ne!(Random::of(7, 1, 42).bits(), Random::of(8, 1, 42).bits());
    }

    #[test]
    fn powers_are_near_the_systems() {
        for x in [-20.0, -1.5, 0.0, 0.1, 1.0, 7.5, 13.0] {
            let expected: f64 = x;
            let expected = expected.exp();
            assert!((exp(x) - expected).abs() <= expected * 1e-10, "exp({x})");
        }
    }

    #[test]
    fn weights_are_kept() {
        let mut random = Random::of(1, 2, 3);
        let often = (0..10_000).filter(|_| random.weighted(&[(true, 780), (false, 220)])).count();
        assert!((7_500..8_100).contains(&often), "{often}");
    }
}
