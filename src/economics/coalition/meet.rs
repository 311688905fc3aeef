//! Meeting in the middle: exact whatever the costs, for few entities (Horowitz, Sahni 1974).

/// The most entities for which two halves of subsets are listed: 2 × 2²⁰ entries, 50 MB.
pub(super) const MOST: usize = 40;

/// The cheapest subset of `entities` whose weights reach `needed`; all of them together must.
///
/// For every subset of one half it wants the cheapest subset of the other half that fills what is
/// missing: one list ascending, the other descending, and one walk through both.
pub(super) fn cheapest(
    costs: &[f64],
    weights: &[f64],
    needed: f64,
    entities: &[usize],
) -> Vec<usize> {
    assert!(
        entities.len() <= MOST,
        "{} entities: too many to meet in the middle",
        entities.len()
    );
    let (near, far) = entities.split_at(entities.len() / 2);
    let near_sums = subset_sums(costs, weights, near);
    let mut far_sums = subset_sums(costs, weights, far);
    // From the heavy end, the cheapest subset that is at least this heavy.
    for index in (0..far_sums.len() - 1).rev() {
        if far_sums[index + 1].cost < far_sums[index].cost {
            far_sums[index] = Subset {
                weight: far_sums[index].weight,
                ..far_sums[index + 1]
            };
        }
    }
    let mut best = (f64::INFINITY, 0, 0);
    let mut at = far_sums.len();
    for subset in &near_sums {
        // Heavier near subsets need less of the far half: the position only moves down.
        while at > 0 && subset.weight + far_sums[at - 1].weight >= needed {
            at -= 1;
        }
        if let Some(other) = far_sums.get(at) {
            let cost = subset.cost + other.cost;
            if cost < best.0 {
                best = (cost, subset.set, other.set);
            }
        }
    }
    let chosen = |half: &[usize], set: u32| -> Vec<usize> {
        half.iter()
            .enumerate()
            .filter(|(bit, _)| set >> bit & 1 == 1)
            .map(|(_, &entity)| entity)
            .collect()
    };
    let mut members = chosen(near, best.1);
    members.extend(chosen(far, best.2));
    members.sort_unstable();
    members
}

#[derive(Clone, Copy)]
struct Subset {
    weight: f64,
    cost: f64,
    set: u32,
}

/// All subsets of `half`, ascending in weight.
fn subset_sums(costs: &[f64], weights: &[f64], half: &[usize]) -> Vec<Subset> {
    let mut sums = vec![Subset {
        weight: 0.0,
        cost: 0.0,
        set: 0,
    }];
    for (bit, &entity) in half.iter().enumerate() {
        for index in 0..sums.len() {
            let Subset { weight, cost, set } = sums[index];
            sums.push(Subset {
                weight: weight + weights[entity],
                cost: cost + costs[entity],
                set: set | 1 << bit,
            });
        }
    }
    sums.sort_by(|a, b| {
        a.weight
            .total_cmp(&b.weight)
            .then(a.cost.total_cmp(&b.cost))
    });
    sums
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_known_subset_sum() {
        let weights = [25.0, 21.0, 17.0, 13.0, 11.0, 7.0, 5.0, 1.0];
        let members = cheapest(&weights, &weights, 34.0, &[0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(
            members.iter().map(|&index| weights[index]).sum::<f64>(),
            34.0
        );
    }

    #[test]
    fn works_on_one_entity_and_on_a_part_of_them() {
        assert_eq!(cheapest(&[3.0], &[2.0], 1.0, &[0]), vec![0]);
        assert_eq!(
            cheapest(&[1.0, 9.0, 2.0], &[5.0, 5.0, 5.0], 5.0, &[1, 2]),
            vec![2]
        );
    }
}
