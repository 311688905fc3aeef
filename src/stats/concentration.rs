//! How concentrated a set of stakes is.

use super::estimate::sum;

/// Herfindahl–Hirschman index of non-negative stakes: Σ of squared shares, 1/n for n equals and 1
/// for a monopoly.
#[must_use]
pub fn herfindahl(stakes: &[f64]) -> f64 {
    let total = total(stakes);
    sum(stakes.iter().map(|stake| (stake / total) * (stake / total)))
}

/// Gini coefficient: 0 for equals, towards 1 for a monopoly.
#[must_use]
pub fn gini(stakes: &[f64]) -> f64 {
    let total = total(stakes);
    let mut ascending = stakes.to_vec();
    ascending.sort_by(f64::total_cmp);
    let n = stakes.len() as f64;
    let ranked = sum(ascending
        .iter()
        .enumerate()
        .map(|(i, stake)| (2.0 * (i as f64 + 1.0) - n - 1.0) * stake));
    ranked / (n * total)
}

/// The fewest holders that together have at least `share` of all stake (the Nakamoto coefficient
/// at that share).
#[must_use]
pub fn holders_to_share(stakes: &[f64], share: f64) -> usize {
    let needed = share * total(stakes) * (1.0 - 1e-12);
    let mut descending = stakes.to_vec();
    descending.sort_by(|a, b| b.total_cmp(a));
    let mut held = 0.0;
    for (index, stake) in descending.iter().enumerate() {
        if held >= needed {
            return index;
        }
        held += stake;
    }
    descending.len()
}

fn total(stakes: &[f64]) -> f64 {
    let total = sum(stakes.iter().copied());
    assert!(total > 0.0, "{} stakes add up to {total}", stakes.len());
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_and_monopolies() {
        assert!((herfindahl(&[2.0; 8]) - 0.125).abs() < 1e-15 && gini(&[2.0; 8]).abs() < 1e-15);
        assert!(
            (herfindahl(&[0.0, 5.0]) - 1.0).abs() < 1e-15
                && (gini(&[0.0, 5.0]) - 0.5).abs() < 1e-15
        );
        assert_eq!(holders_to_share(&[1.0; 9], 1.0 / 3.0), 3);
        assert_eq!(holders_to_share(&[5.0, 3.0, 2.0], 0.5), 1);
        assert_eq!(holders_to_share(&[5.0, 3.0, 2.0], 0.51), 2);
        assert_eq!(holders_to_share(&[5.0, 3.0, 2.0], 1.0), 3);
    }
}
