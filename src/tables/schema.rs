//! The tables of the format: their names, their columns, and the rows in memory.

use super::cells::Cell;
use super::{Column, Table};
use crate::snapshot::*;

/// Name of a table's file.
pub(super) fn file_name(table: &str) -> String {
    format!("{table}.parquet")
}

/// Columns of one table, ready to write.
pub(super) type Columns = Vec<(&'static str, Column)>;

/// The tables of the format, in order. Those from side sources are outside the content hash.
pub(super) const TABLES: [(&str, Origin); 17] = [
    ("assets", Origin::State),
    ("operators", Origin::State),
    ("avss", Origin::State),
    ("operator_sets", Origin::State),
    ("set_strategies", Origin::State),
    ("memberships", Origin::State),
    ("stakes", Origin::State),
    ("totals", Origin::State),
    ("magnitudes", Origin::State),
    ("allocations", Origin::State),
    ("splits", Origin::State),
    ("slashings", Origin::State),
    ("rewards", Origin::State),
    ("contracts", Origin::State),
    ("facts", Origin::State),
    ("price_history", Origin::Side),
    ("observations", Origin::Side),
];

/// Where the rows of a table come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The state of the chain at the block: part of the content hash.
    State,
    /// A side source that may answer otherwise tomorrow.
    Side,
}

/// The columns of one table of a snapshot.
pub(super) fn columns(snapshot: &Snapshot, table: &str) -> Columns {
    let s = snapshot;
    match table {
        "assets" => {
            let rows: Vec<_> = s.assets.iter().map(AssetRow::of).collect();
            with_index("asset_index", asset_columns(&rows))
        }
        "operators" => with_index("operator_index", operator_columns(&s.operators)),
        "avss" => with_index("avs_index", avs_columns(&s.avss)),
        "operator_sets" => {
            let rows: Vec<_> = s.sets.iter().map(SetRow::of).collect();
            with_index("set_index", set_columns(&rows))
        }
        "set_strategies" => {
            let rows: Vec<_> = (0..)
                .zip(&s.sets)
                .flat_map(|(set, row)| {
                    row.strategies
                        .iter()
                        .map(move |&asset| StrategyRow { set, asset })
                })
                .collect();
            strategy_columns(&rows)
        }
        "memberships" => membership_columns(&s.memberships),
        "stakes" => stake_columns(&s.stakes),
        "totals" => total_columns(&s.totals),
        "magnitudes" => magnitude_columns(&s.magnitudes),
        "allocations" => allocation_columns(&s.allocations),
        "splits" => split_columns(&s.splits.iter().map(SplitRow::of).collect::<Vec<_>>()),
        "slashings" => slashing_columns(&s.slashings),
        "rewards" => reward_columns(&s.rewards),
        "contracts" => contract_columns(&s.contracts),
        "facts" => fact_columns(&s.facts.0),
        "price_history" => price_columns(&s.price_history),
        "observations" => observation_columns(&s.observations),
        other => unreachable!("`{other}` is no table of the format"),
    }
}

/// Puts the rows of one table into a snapshot; the error names the column. Tables come in the order
/// of [`TABLES`].
pub(super) fn fill(snapshot: &mut Snapshot, table: &str, content: Table) -> Result<(), String> {
    let s = snapshot;
    let taken = Taken {
        rows: content.rows(),
        columns: content.columns,
    };
    match table {
        "assets" => {
            let rows = asset_rows(taken.without_index("asset_index")?)?;
            s.assets = rows
                .into_iter()
                .map(AssetRow::asset)
                .collect::<Result<_, _>>()?;
        }
        "operators" => s.operators = operator_rows(taken.without_index("operator_index")?)?,
        "avss" => s.avss = avs_rows(taken.without_index("avs_index")?)?,
        "operator_sets" => {
            let rows = set_rows(taken.without_index("set_index")?)?;
            s.sets = rows.into_iter().map(SetRow::set).collect();
        }
        "set_strategies" => {
            for StrategyRow { set, asset } in strategy_rows(taken)? {
                let set = s.sets.get_mut(set as usize).ok_or_else(|| {
                    format!("column `set_index` holds {set}, and there is no such set")
                })?;
                set.strategies.push(asset);
            }
        }
        "memberships" => s.memberships = membership_rows(taken)?,
        "stakes" => s.stakes = stake_rows(taken)?,
        "totals" => s.totals = total_rows(taken)?,
        "magnitudes" => s.magnitudes = magnitude_rows(taken)?,
        "allocations" => s.allocations = allocation_rows(taken)?,
        "splits" => {
            s.splits = split_rows(taken)?
                .into_iter()
                .map(SplitRow::split)
                .collect::<Result<_, _>>()?
        }
        "slashings" => s.slashings = slashing_rows(taken)?,
        "rewards" => s.rewards = reward_rows(taken)?,
        "contracts" => s.contracts = contract_rows(taken)?,
        "facts" => s.facts = Facts(fact_rows(taken)?),
        "price_history" => s.price_history = price_rows(taken)?,
        "observations" => s.observations = observation_rows(taken)?,
        other => unreachable!("`{other}` is no table of the format"),
    }
    Ok(())
}

/// Writes the place of each row, by which other tables name it.
fn with_index(name: &'static str, mut columns: Columns) -> Columns {
    let rows = columns[0].1.len() as u32;
    columns.insert(0, (name, Column::U32((0..rows).collect())));
    columns
}

/// The columns of a file while its rows are built.
struct Taken {
    rows: usize,
    columns: Vec<(String, Column)>,
}

impl Taken {
    fn take<T: Cell>(&mut self, name: &str) -> Result<Vec<T>, String> {
        let place = self
            .columns
            .iter()
            .position(|(n, _)| n == name)
            .ok_or_else(|| format!("column `{name}` is missing"))?;
        T::values(self.columns.remove(place).1)
            .map_err(|problem| format!("column `{name}` {problem}"))
    }

    fn without_index(mut self, name: &str) -> Result<Self, String> {
        let index: Vec<u32> = self.take(name)?;
        match (0..).zip(&index).find(|(place, index)| place != *index) {
            Some((place, index)) => Err(format!(
                "column `{name}` holds {index} in row {place}: rows are numbered from 0"
            )),
            None => Ok(self),
        }
    }

    fn nothing_left(&self) -> Result<(), String> {
        match self.columns.first() {
            Some((name, _)) => Err(format!(
                "column `{name}` is not in this version of the format"
            )),
            None => Ok(()),
        }
    }
}

/// Maps a struct to columns and back, field by field.
macro_rules! table {
    ($to:ident, $from:ident, $row:ty { $($column:literal => $field:ident),* $(,)? }) => {
        fn $to(rows: &[$row]) -> Columns {
            vec![$(($column, Cell::column(rows.iter().map(|row| row.$field.clone())))),*]
        }
        fn $from(mut taken: Taken) -> Result<Vec<$row>, String> {
            let rows = taken.rows;
            $(let mut $field = taken.take($column)?.into_iter();)*
            taken.nothing_left()?;
            Ok((0..rows)
                .map(|_| {
                    $(let $field = $field.next().expect("columns of a table have one length");)*
                    type Row = $row;
                    Row { $($field),* }
                })
                .collect())
        }
    };
}

struct AssetRow {
    symbol: String,
    strategy: Option<Address>,
    token: Option<Address>,
    class: AssetClass,
    decimals: u8,
    price_usd: Option<f64>,
    price_source: Option<String>,
    price_timestamp: Option<u64>,
    price_answer: Option<u128>,
    price_answer_decimals: Option<u8>,
    units_per_1e18_shares: Option<u128>,
    total_shares: Option<u128>,
    locked_until: Option<u64>,
}
table!(asset_columns, asset_rows, AssetRow {
    "symbol" => symbol,
    "strategy" => strategy,
    "token" => token,
    "class" => class,
    "decimals" => decimals,
    "price_usd" => price_usd,
    "price_source" => price_source,
    "price_timestamp" => price_timestamp,
    "price_answer" => price_answer,
    "price_answer_decimals" => price_answer_decimals,
    "units_per_1e18_shares" => units_per_1e18_shares,
    "total_shares" => total_shares,
    "locked_until_timestamp" => locked_until,
});

impl AssetRow {
    fn of(asset: &Asset) -> Self {
        let price = asset.price.as_ref();
        Self {
            symbol: asset.symbol.clone(),
            strategy: asset.strategy,
            token: asset.token,
            class: asset.class,
            decimals: asset.decimals,
            price_usd: price.map(|p| p.usd),
            price_source: price.map(|p| p.source.clone()),
            price_timestamp: price.map(|p| p.timestamp),
            price_answer: price.and_then(|p| p.answer),
            price_answer_decimals: price.and_then(|p| p.answer_decimals),
            units_per_1e18_shares: asset.units_per_1e18_shares,
            total_shares: asset.total_shares,
            locked_until: asset.locked_until,
        }
    }

    fn asset(self) -> Result<Asset, String> {
        let price = match (self.price_usd, self.price_source, self.price_timestamp) {
            (Some(usd), Some(source), Some(timestamp)) => Some(Price {
                usd,
                source,
                timestamp,
                answer: self.price_answer,
                answer_decimals: self.price_answer_decimals,
            }),
            (None, None, None) => None,
            _ => {
                return Err(format!(
                    "a price needs price_usd, price_source and price_timestamp: {} has not all",
                    self.symbol
                ));
            }
        };
        Ok(Asset {
            symbol: self.symbol,
            strategy: self.strategy,
            token: self.token,
            class: self.class,
            decimals: self.decimals,
            price,
            units_per_1e18_shares: self.units_per_1e18_shares,
            total_shares: self.total_shares,
            locked_until: self.locked_until,
        })
    }
}

struct StrategyRow {
    set: SetIndex,
    asset: AssetIndex,
}
table!(strategy_columns, strategy_rows, StrategyRow { "set_index" => set, "asset_index" => asset });

struct SetRow {
    avs: AvsIndex,
    id: u32,
    kind: SetKind,
    slasher: Option<Address>,
    redistribution_recipient: Option<Address>,
}
table!(set_columns, set_rows, SetRow {
    "avs_index" => avs,
    "set_id" => id,
    "kind" => kind,
    "slasher" => slasher,
    "redistribution_recipient" => redistribution_recipient,
});

impl SetRow {
    fn of(set: &OperatorSet) -> Self {
        Self {
            avs: set.avs,
            id: set.id,
            kind: set.kind,
            slasher: set.slasher,
            redistribution_recipient: set.redistribution_recipient,
        }
    }

    /// Its strategies are in a table of their own.
    fn set(self) -> OperatorSet {
        OperatorSet {
            avs: self.avs,
            id: self.id,
            kind: self.kind,
            strategies: Vec::new(),
            slasher: self.slasher,
            redistribution_recipient: self.redistribution_recipient,
        }
    }
}

struct SplitRow {
    operator: OperatorIndex,
    scope: String,
    set: Option<SetIndex>,
    avs: Option<AvsIndex>,
    split_bips: u16,
}
table!(split_columns, split_rows, SplitRow {
    "operator_index" => operator,
    "scope" => scope,
    "set_index" => set,
    "avs_index" => avs,
    "split_bips" => split_bips,
});

impl SplitRow {
    fn of(split: &Split) -> Self {
        let (scope, set, avs) = match split.scope {
            SplitScope::OperatorSet(set) => ("operator_set", Some(set), None),
            SplitScope::Avs(avs) => ("avs", None, Some(avs)),
            SplitScope::ProgrammaticIncentives => ("programmatic_incentives", None, None),
        };
        Self {
            operator: split.operator,
            scope: scope.to_owned(),
            set,
            avs,
            split_bips: split.split_bips,
        }
    }

    fn split(self) -> Result<Split, String> {
        let scope = match (self.scope.as_str(), self.set, self.avs) {
            ("operator_set", Some(set), None) => SplitScope::OperatorSet(set),
            ("avs", None, Some(avs)) => SplitScope::Avs(avs),
            ("programmatic_incentives", None, None) => SplitScope::ProgrammaticIncentives,
            (scope, set, avs) => {
                return Err(format!(
                    "scope `{scope}` with set {set:?} and avs {avs:?} is no scope"
                ));
            }
        };
        Ok(Split {
            operator: self.operator,
            scope,
            split_bips: self.split_bips,
        })
    }
}

table!(operator_columns, operator_rows, Operator {
    "operator" => address,
    "name" => name,
    "metadata_uri" => metadata_uri,
    "entity" => entity,
    "allocation_delay_blocks" => allocation_delay_blocks,
});
table!(avs_columns, avs_rows, Avs {
    "avs" => address,
    "name" => name,
    "metadata_uri" => metadata_uri,
    "registrar" => registrar,
});
table!(membership_columns, membership_rows, Membership {
    "set_index" => set,
    "operator_index" => operator,
    "slashable_until_block" => slashable_until_block,
});
table!(stake_columns, stake_rows, Stake {
    "operator_index" => operator,
    "asset_index" => asset,
    "amount_tokens" => amount_tokens,
    "shares" => shares,
    "queued_shares" => queued_shares,
    "provenance" => provenance,
});
table!(total_columns, total_rows, SetTotal {
    "set_index" => set,
    "asset_index" => asset,
    "amount_tokens" => amount_tokens,
});
table!(magnitude_columns, magnitude_rows, Magnitudes {
    "operator_index" => operator,
    "asset_index" => asset,
    "max_magnitude_wad" => max_magnitude_wad,
    "encumbered_magnitude_wad" => encumbered_magnitude_wad,
});
table!(allocation_columns, allocation_rows, Allocation {
    "operator_index" => operator,
    "set_index" => set,
    "asset_index" => asset,
    "current_magnitude_wad" => current_magnitude_wad,
    "pending_diff_wad" => pending_diff_wad,
    "effect_block" => effect_block,
    "slashable_shares" => slashable_shares,
});
table!(slashing_columns, slashing_rows, Slashing {
    "block" => block,
    "log_index" => log_index,
    "set_index" => set,
    "operator_index" => operator,
    "asset_index" => asset,
    "slashed_wad" => slashed_wad,
    "description" => description,
});
table!(reward_columns, reward_rows, RewardsSubmission {
    "block" => block,
    "log_index" => log_index,
    "kind" => kind,
    "submitter" => submitter,
    "avs_index" => avs,
    "set_index" => set,
    "token" => token,
    "amount_units" => amount_units,
    "start_timestamp" => start_timestamp,
    "duration_seconds" => duration_seconds,
});
table!(contract_columns, contract_rows, Contract {
    "contract" => name,
    "address" => address,
    "source" => source,
    "date" => date,
});
table!(fact_columns, fact_rows, Fact {
    "key" => key,
    "value" => value,
    "exact" => exact,
    "unit" => unit,
    "source" => source,
    "date" => date,
    "grade" => grade,
    "note" => note,
});
table!(price_columns, price_rows, PricePoint {
    "asset_index" => asset,
    "timestamp" => timestamp,
    "price_usd" => price_usd,
    "source" => source,
});
table!(observation_columns, observation_rows, Observation {
    "avs_index" => avs,
    "operator_index" => operator,
    "metric" => metric,
    "value" => value,
    "unit" => unit,
    "timestamp" => timestamp,
    "source" => source,
});
