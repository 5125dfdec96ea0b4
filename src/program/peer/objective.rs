//! What columns count, as numbers that suit the solver: whole ones where that is possible.

/// Whole objectives are kept whole up to this sum of their numbers; beyond, the search's bound is too coarse to be rounded up.
const LARGEST_SUM: f64 = 500_000.0;
/// Other objectives are scaled so that this is their largest number: far above the tolerances of the solver.
const LARGEST: f64 = 10_000.0;

/// Numbers per column: `scale` times them is what is counted.
#[derive(Clone, Debug)]
pub struct Objective {
    /// One for each column.
    pub numbers: Vec<f64>,
    /// What a unit of them is.
    pub scale: f64,
    /// All of them are whole.
    pub whole: bool,
}

impl Objective {
    /// From what some columns count; `grain` times that is whole, if numbers are as usual.
    pub(super) fn of(counted: &[(usize, f64)], columns: usize, grain: f64) -> Objective {
        let mut numbers = vec![0.0; columns];
        counted.iter().for_each(|(column, value)| numbers[*column] += value);
        let is_whole = |value: f64| (value - value.round()).abs() <= 1e-9 * value.abs().max(1.0) && value.abs() < 1e15;
        if numbers.iter().all(|value| is_whole(value * grain)) {
            let unit = numbers.iter().fold(0, |unit, value| common_divisor(unit, (value * grain).round().abs() as u64)).max(1);
            let whole: Vec<f64> = numbers.iter().map(|value| (value * grain).round() / unit as f64).collect();
            if whole.iter().sum::<f64>() <= LARGEST_SUM {
                return Objective { numbers: whole, scale: unit as f64 / grain, whole: true };
            }
        }
        let largest = numbers.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let scale = if largest > 0.0 { largest / LARGEST } else { 1.0 };
        Objective { numbers: numbers.iter().map(|value| value / scale).collect(), scale, whole: false }
    }
}

/// The least number that all numbers divide, as far as it is small.
pub(super) fn common_multiple(mut numbers: impl Iterator<Item = u32>) -> f64 {
    let join = |all: u64, number: u64| all / common_divisor(all, number) * number;
    numbers
        .try_fold(1, |all, number| if all > 1_000_000 { Err(all) } else { Ok(join(all, u64::from(number))) })
        .unwrap_or_else(|all| all) as f64
}

/// Of 0 and a number: that number.
pub(super) fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
