//! What a snapshot holds, in the figures that a designer looks at first.

use super::{AssetClass, OperatorIndex, Provenance, SetIndex, SetKind, Snapshot, Source};
use serde::Serialize;

/// A snapshot in figures. US dollars count priced assets alone; see [`Inspection::unpriced`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Name of the snapshot.
    pub label: String,
    /// Chain id.
    pub chain_id: u64,
    /// Block, where the figures were read at one.
    pub block: Option<u64>,
    /// Its hash.
    pub block_hash: Option<String>,
    /// Time of the figures, RFC 3339 UTC.
    pub time: String,
    /// Version of the protocol.
    pub protocol_version: Option<String>,
    /// Content hash.
    pub content_hash: String,
    /// Operators.
    pub operators: usize,
    /// Operators with any stake.
    pub operators_with_stake: usize,
    /// Operators whose entity a source names.
    pub operators_with_known_entity: usize,
    /// Services.
    pub avss: usize,
    /// Operator sets, from which stake can be slashed.
    pub operator_sets: usize,
    /// Registrations from before operator sets, from which nothing can be slashed.
    pub registrations_before_operator_sets: usize,
    /// Slashings in the events.
    pub slashings: usize,
    /// Stake delegated to all operators.
    pub concentration: Concentration,
    /// What of the stake is not measured.
    pub reconstructed: Reconstructed,
    /// Every asset, most stake first.
    pub assets: Vec<AssetLine>,
    /// Assets without a price: in no USD figure.
    pub unpriced: Vec<AssetLine>,
    /// Every set, most stake first.
    pub sets: Vec<SetLine>,
    /// The ten operators with most stake.
    pub largest: Vec<OperatorLine>,
    /// Where the figures come from.
    pub sources: Vec<Source>,
}

/// How concentrated the stake of some operators is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Concentration {
    /// Their stake.
    pub stake_usd: f64,
    /// Herfindahl-Hirschman index of operators: the sum of squared shares times 10,000.
    pub hhi: f64,
    /// The same over entities: operators of one controller together.
    pub hhi_entities: f64,
    /// Share of the largest operator, of one.
    pub largest_share: f64,
    /// Share of the largest entity, of one.
    pub largest_entity_share: f64,
    /// Fewest operators that hold one third.
    pub operators_to_one_third: usize,
    /// Fewest entities that hold one third.
    pub entities_to_one_third: usize,
}

/// How much of the stake is reconstructed rather than read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reconstructed {
    /// Rows of operator and asset that are reconstructed.
    pub rows: usize,
    /// All rows.
    pub of_rows: usize,
    /// Share of the stake in USD that is in those rows, of one.
    pub share_of_usd: f64,
}

/// One asset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssetLine {
    /// Symbol.
    pub symbol: String,
    /// Strategy, where known.
    pub strategy: Option<super::Address>,
    /// What moves its price.
    pub class: AssetClass,
    /// Stake, whole tokens.
    pub tokens: f64,
    /// Price of one token, USD.
    pub price_usd: Option<f64>,
    /// Stake, USD.
    pub stake_usd: Option<f64>,
    /// Share of all stake in USD, of one.
    pub share: Option<f64>,
}

/// One operator set, or one registration from before operator sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetLine {
    /// The AVS.
    pub avs: super::Address,
    /// Its name, where known.
    pub name: Option<String>,
    /// Id of the set.
    pub id: u32,
    /// What kind it is.
    pub kind: SetKind,
    /// Operators registered.
    pub operators: usize,
    /// Stake delegated to them: every asset, whether or not the set counts it.
    pub delegated: Concentration,
    /// Stake that they allocated to the set, in the set's strategies; absent before operator sets.
    pub allocated_usd: Option<f64>,
}

/// One operator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperatorLine {
    /// Its address.
    pub operator: super::Address,
    /// Its name, where known.
    pub name: Option<String>,
    /// Stake, USD.
    pub stake_usd: f64,
    /// Share of all stake, of one.
    pub share: f64,
    /// Sets that it is in.
    pub sets: usize,
}

/// The figures of a snapshot.
#[must_use]
pub fn inspect(snapshot: &Snapshot) -> Inspection {
    let s = snapshot;
    let usd = s.usd_by_operator();
    let entities = s.entities();
    let everyone: Vec<OperatorIndex> = (0..s.operators.len() as OperatorIndex).collect();
    let concentration = concentrate(&everyone, &usd, &entities);
    let assets = asset_lines(s, concentration.stake_usd);
    let mut sets: Vec<SetLine> = (0..s.sets.len() as SetIndex)
        .map(|set| set_line(s, set, &usd, &entities))
        .collect();
    sets.sort_by(|a, b| {
        b.delegated
            .stake_usd
            .total_cmp(&a.delegated.stake_usd)
            .then((a.avs, a.id).cmp(&(b.avs, b.id)))
    });
    let kinds = |kind: SetKind| s.sets.iter().filter(|set| set.kind == kind).count();
    Inspection {
        label: s.manifest.label.clone(),
        chain_id: s.manifest.chain_id,
        block: s.manifest.block,
        block_hash: s.manifest.block_hash.clone(),
        time: rfc3339(s.manifest.timestamp),
        protocol_version: s.manifest.protocol_version.clone(),
        content_hash: s.manifest.content_hash.clone(),
        operators: s.operators.len(),
        operators_with_stake: with_stake(s),
        operators_with_known_entity: s
            .operators
            .iter()
            .filter(|operator| operator.entity.is_some())
            .count(),
        avss: s.avss.len(),
        operator_sets: kinds(SetKind::OperatorSet),
        registrations_before_operator_sets: kinds(SetKind::RegistrationBeforeOperatorSets),
        slashings: s.slashings.len(),
        concentration,
        reconstructed: reconstructed(s, concentration.stake_usd),
        unpriced: assets
            .iter()
            .filter(|asset| asset.price_usd.is_none())
            .cloned()
            .collect(),
        assets,
        sets,
        largest: largest(s, &usd, concentration.stake_usd),
        sources: s.manifest.sources.clone(),
    }
}

/// How concentrated the stake of `operators` is, given the stake and entity of every operator.
fn concentrate(operators: &[OperatorIndex], usd: &[f64], entities: &[u32]) -> Concentration {
    let of_operators: Vec<f64> = operators.iter().map(|&o| usd[o as usize]).collect();
    let mut of_entities = vec![0.0; entities.iter().max().map_or(0, |&last| last as usize + 1)];
    for &operator in operators {
        of_entities[entities[operator as usize] as usize] += usd[operator as usize];
    }
    let stake_usd: f64 = of_operators.iter().sum();
    let (hhi, largest_share, operators_to_one_third) = spread(of_operators, stake_usd);
    let (hhi_entities, largest_entity_share, entities_to_one_third) =
        spread(of_entities, stake_usd);
    Concentration {
        stake_usd,
        hhi,
        hhi_entities,
        largest_share,
        largest_entity_share,
        operators_to_one_third,
        entities_to_one_third,
    }
}

/// Index, largest share, and fewest holders of one third. All zero where there is no stake.
fn spread(mut held: Vec<f64>, total: f64) -> (f64, f64, usize) {
    if total <= 0.0 {
        return (0.0, 0.0, 0);
    }
    held.sort_by(|a, b| b.total_cmp(a));
    let hhi = held.iter().map(|x| (x / total) * (x / total)).sum::<f64>() * 10_000.0;
    let mut sum = 0.0;
    let holders = held
        .iter()
        .position(|x| {
            sum += x;
            // Rounding must not ask for one holder more of exact thirds.
            sum >= total / 3.0 * (1.0 - 1e-12)
        })
        .map_or(held.len(), |last| last + 1);
    (hhi, held[0] / total, holders)
}

fn with_stake(s: &Snapshot) -> usize {
    let mut holds = vec![false; s.operators.len()];
    for stake in s.stakes.iter().filter(|stake| stake.amount_tokens > 0.0) {
        holds[stake.operator as usize] = true;
    }
    holds.into_iter().filter(|&holds| holds).count()
}

fn reconstructed(s: &Snapshot, stake_usd: f64) -> Reconstructed {
    let rows = || {
        s.stakes
            .iter()
            .filter(|stake| stake.provenance == Provenance::Reconstructed)
    };
    let usd: f64 = rows()
        .filter_map(|stake| {
            s.price_usd(stake.asset)
                .map(|price| price * stake.amount_tokens)
        })
        .sum();
    Reconstructed {
        rows: rows().count(),
        of_rows: s.stakes.len(),
        share_of_usd: if stake_usd > 0.0 {
            usd / stake_usd
        } else {
            0.0
        },
    }
}

fn asset_lines(s: &Snapshot, stake_usd: f64) -> Vec<AssetLine> {
    let mut lines: Vec<AssetLine> = s
        .assets
        .iter()
        .zip(s.tokens_by_asset())
        .map(|(asset, tokens)| {
            let price_usd = asset.price.as_ref().map(|price| price.usd);
            let usd = price_usd.map(|price| price * tokens);
            AssetLine {
                symbol: asset.symbol.clone(),
                strategy: asset.strategy,
                class: asset.class,
                tokens,
                price_usd,
                stake_usd: usd,
                share: usd.filter(|_| stake_usd > 0.0).map(|usd| usd / stake_usd),
            }
        })
        .collect();
    lines.sort_by(|a, b| {
        b.stake_usd
            .unwrap_or(-1.0)
            .total_cmp(&a.stake_usd.unwrap_or(-1.0))
    });
    lines
}

fn set_line(s: &Snapshot, index: SetIndex, usd: &[f64], entities: &[u32]) -> SetLine {
    let set = &s.sets[index as usize];
    let avs = &s.avss[set.avs as usize];
    let operators = s.operators_of_set(index);
    SetLine {
        avs: avs.address,
        name: avs.name.clone(),
        id: set.id,
        kind: set.kind,
        operators: operators.len(),
        delegated: concentrate(&operators, usd, entities),
        allocated_usd: (set.kind == SetKind::OperatorSet).then(|| allocated_usd(s, index)),
    }
}

/// Stake times current over maximum magnitude, over the registered members and the set's strategies.
fn allocated_usd(s: &Snapshot, set: SetIndex) -> f64 {
    let members = s.operators_of_set(set);
    s.allocations
        .iter()
        .filter(|a| a.set == set && members.binary_search(&a.operator).is_ok())
        .filter(|a| {
            s.sets[set as usize]
                .strategies
                .binary_search(&a.asset)
                .is_ok()
        })
        .map(|a| {
            let tokens = match s
                .stakes
                .binary_search_by_key(&(a.operator, a.asset), |row| (row.operator, row.asset))
            {
                Ok(row) => s.stakes[row].amount_tokens,
                Err(_) => 0.0,
            };
            let maximum = match s
                .magnitudes
                .binary_search_by_key(&(a.operator, a.asset), |row| (row.operator, row.asset))
            {
                Ok(row) => s.magnitudes[row].max_magnitude_wad,
                Err(_) => crate::units::WAD,
            };
            let share = if maximum == 0 {
                0.0
            } else {
                a.current_magnitude_wad as f64 / maximum as f64
            };
            tokens * share * s.price_usd(a.asset).unwrap_or(0.0)
        })
        .sum()
}

fn largest(s: &Snapshot, usd: &[f64], stake_usd: f64) -> Vec<OperatorLine> {
    s.largest(10)
        .into_iter()
        .filter(|&operator| usd[operator as usize] > 0.0)
        .map(|operator| OperatorLine {
            operator: s.operators[operator as usize].address,
            name: s.operators[operator as usize].name.clone(),
            stake_usd: usd[operator as usize],
            share: usd[operator as usize] / stake_usd,
            sets: s
                .memberships
                .iter()
                .filter(|m| m.operator == operator && m.slashable_until_block.is_none())
                .count(),
        })
        .collect()
}

fn rfc3339(timestamp: u64) -> String {
    i64::try_from(timestamp)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(
            || format!("{timestamp} s after 1970"),
            |time| time.to_string(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_and_indices() {
        assert_eq!(spread(vec![], 0.0), (0.0, 0.0, 0));
        let (hhi, largest, third) = spread(vec![1.0, 1.0, 1.0], 3.0);
        assert!((hhi - 10_000.0 / 3.0).abs() < 1e-9 && (largest - 1.0 / 3.0).abs() < 1e-15);
        assert_eq!(third, 1, "one of three equals holds one third");
        let (hhi, largest, third) = spread(vec![5.0, 1.0, 30.0, 24.0, 40.0], 100.0);
        assert!(
            (hhi - (0.25 + 0.01 + 9.0 + 5.76 + 16.0) * 100.0).abs() < 1e-9,
            "{hhi}"
        );
        assert!((largest - 0.4).abs() < 1e-15);
        assert_eq!(third, 1);
        assert_eq!(spread(vec![0.1; 10], 1.0).2, 4);
        assert_eq!(
            spread(vec![0.1; 9], 0.9).2,
            3,
            "three of nine is exactly one third"
        );
    }

    #[test]
    fn entities_pool_their_operators() {
        let c = concentrate(&[0, 1, 2, 3], &[10.0, 20.0, 30.0, 40.0], &[0, 1, 0, 1]);
        assert!((c.largest_share - 0.4).abs() < 1e-15);
        assert!((c.largest_entity_share - 0.6).abs() < 1e-15);
        assert!((c.hhi - 3000.0).abs() < 1e-9 && (c.hhi_entities - 5200.0).abs() < 1e-9);
        let part = concentrate(&[1, 2], &[10.0, 20.0, 30.0, 40.0], &[0, 1, 0, 1]);
        assert!(
            (part.stake_usd - 50.0).abs() < 1e-12
                && (part.largest_entity_share - 0.6).abs() < 1e-15
        );
    }
}
