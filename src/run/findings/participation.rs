//! Who must be paid and how: what stakers ask for, each operator's books, rewards as the protocol
//! pays them, how fast stake follows, and the cover that is sold.

use super::Subject;
use super::variants::Compared;
use crate::assess::insurance::{Cover, cover};
use crate::economics::flows::Flows;
use crate::protocol::constants::MAINNET;
use crate::protocol::rewards::{
    DayPayout, ProtocolFee, RewardedOperator, amount_after_fee, distribute_day, tokens_per_day,
};
use crate::recommend::budget::{self, Budget, Premiums};
use crate::recommend::operators::Books;
use crate::report::findings::{SlashRule, Table, Unit, Worth};
use crate::report::format;
use crate::spec::model::{Model, Structure};
use crate::units::{Bips, DAYS_PER_YEAR, Seconds};

/// Operators whose books are shown, beside the smallest.
const BOOKS: usize = 10;
/// Days of one rewards submission that is shown.
const SUBMISSION_DAYS: u32 = 28;
/// Share of the gap to the equilibrium that decides on a day: a month in the mean.
const DECIDED_PER_DAY: f64 = 1.0 / 30.0;
/// Days over which stake is followed.
const FOLLOWED_DAYS: u32 = 365;

pub(super) fn tables(subject: &Subject, compared: &Compared) -> Vec<Table> {
    let mut tables = Vec::new();
    if let Some(budget) = &subject.recommendation.budget {
        tables.push(stakers(subject, budget));
        tables.extend(operators(subject));
        tables.extend(rewards(subject));
        tables.push(flows(subject));
    }
    tables.extend(insurance(subject, compared));
    tables
}

fn table(title: &str, caption: &str, columns: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table {
        title: title.to_owned(),
        caption: caption.to_owned(),
        columns: columns.iter().map(|c| (*c).to_owned()).collect(),
        rows,
    }
}

/// The yield that stakers ask for, part by part, and the budget that it comes to.
fn stakers(subject: &Subject, budget: &Budget) -> Table {
    let model = subject.model;
    let stake = subject.recommendation.parameters.stake.get();
    let mut rows = Vec::new();
    let mut part = |name: String, a_year: f64| {
        rows.push(vec![
            name,
            format::amount(a_year, Unit::SharePerYear),
            format::usd_per_year(a_year * stake),
        ]);
    };
    part("supply curve at this stake".to_owned(), budget.supply_yield);
    let premiums = Premiums::of(model, &subject.recommendation.parameters);
    for (offence, premium) in model.slashing.offences.iter().zip(&premiums.slashing) {
        part(format!("accidental slash: {}", offence.name), *premium);
    }
    for (name, premium) in [
        ("theft by whoever can slash", premiums.theft),
        ("illiquidity", premiums.illiquidity),
        ("best alternative", premiums.alternative),
        ("changes of the rules", premiums.governance),
        ("transactions", premiums.gas),
    ] {
        if premium > 0.0 {
            part(name.to_owned(), premium);
        }
    }
    let net = budget.supply_yield + budget.slashing_premium + budget.other_premium;
    part("net of fees, together".to_owned(), net);
    part(
        "before operators' split and the protocol's fee".to_owned(),
        budget.stakers_usd_year / stake,
    );
    part(
        "operators' break-even instead".to_owned(),
        budget.operators_usd_year / stake,
    );
    if budget.emissions_usd_year > 0.0 {
        part(
            "emissions that others pay".to_owned(),
            -budget.emissions_usd_year / stake,
        );
    }
    if budget.sale_loss_usd_year > 0.0 {
        part(
            "lost when the token is sold".to_owned(),
            budget.sale_loss_usd_year / stake,
        );
    }
    part("budget".to_owned(), budget.usd_year / stake);
    table(
        "What stakers and operators ask for",
        "Yields on slashable stake. The budget is the larger of the two sides, less emissions.",
        &["part", "a year", "money"],
        rows,
    )
}

/// Revenue, costs and profit of single operators at the recommended budget.
fn operators(subject: &Subject) -> Option<Table> {
    let (model, parameters) = (subject.model, &subject.recommendation.parameters);
    let Structure::Entities(list) = &model.operators.structure else {
        return None;
    };
    let admitted = parameters.admitted(model);
    let stake = parameters.stake.get();
    let pays = budget::received(model, parameters.budget.get());
    let gross_yield = pays / stake;
    let books = Books::of(model, parameters);
    let breaks_even = budget::break_even_stake(model, parameters, stake, parameters.budget.get());
    let last = admitted.len().checked_sub(1)?;
    let shown = (0..admitted.len()).filter(|&i| i < BOOKS || i == last);
    let rows = shown
        .map(|index| {
            let one = &admitted[index];
            let income = books.earns_usd_year(one.stake.get(), gross_yield);
            let cost = books.asks_usd_year(one.stake.get(), gross_yield);
            vec![
                list[one.operator].label.clone(),
                format::usd(one.stake.get()),
                format::usd_per_year(income),
                format::usd_per_year(cost),
                format::usd_per_year(income - cost),
            ]
        })
        .collect();
    Some(table(
        "Operators' books",
        &format!(
            "The {} largest and the smallest. An operator breaks even from {} of slashable stake on.",
            BOOKS.min(admitted.len()),
            format::usd(breaks_even)
        ),
        &["operator", "stake", "its split", "costs", "profit"],
        rows,
    ))
}

/// Price and decimals of the token that rewards are paid in.
fn reward_token(subject: &Subject) -> Option<(f64, u32)> {
    let symbol = subject.model.rewards.paid_in.as_str();
    let held = subject.model.market.assets.iter();
    let known = held
        .filter(|asset| asset.symbol == symbol)
        .map(|asset| asset.price.get())
        .next();
    if let Some(price) = known {
        return Some((price, 18));
    }
    let in_snapshot = subject
        .snapshot
        .assets
        .iter()
        .find(|asset| asset.symbol == symbol || (symbol == "WETH" && asset.symbol == "ETH"));
    match (in_snapshot, symbol) {
        (Some(asset), _) => Some((asset.price.as_ref()?.usd, u32::from(asset.decimals))),
        (None, "USDC" | "USDT") => Some((1.0, 6)),
        (None, "DAI") => Some((1.0, 18)),
        (None, _) => None,
    }
}

/// One submission of the budget, day by day, in the token's smallest units.
fn rewards(subject: &Subject) -> Option<Table> {
    let (model, parameters) = (subject.model, &subject.recommendation.parameters);
    let (price, decimals) = reward_token(subject)?;
    let unit = 10_f64.powi(decimals as i32);
    let share = f64::from(SUBMISSION_DAYS) / DAYS_PER_YEAR;
    let amount = (parameters.budget.get() / price * share * unit).floor();
    if !(amount > 0.0 && amount < 1e38) {
        return None;
    }
    let amount = amount as u128;
    let fee = if model.rewards.protocol_fee.get() > 0.0 {
        ProtocolFee::OptedIn(Bips((model.rewards.protocol_fee.get() * 1e4).round() as u16))
    } else {
        ProtocolFee::NotOptedIn
    };
    let distributed = amount_after_fee(amount, fee);
    let duration = Seconds(SUBMISSION_DAYS * crate::protocol::rewards::SECONDS_PER_DAY);
    let daily = tokens_per_day(distributed, duration);
    let dust = distributed - daily * u128::from(SUBMISSION_DAYS);
    let split = Bips((model.rewards.operator_split.get() * 1e4).round() as u16);
    let admitted = parameters.admitted(model);
    let weights: Vec<u128> = if admitted.is_empty() {
        vec![1]
    } else {
        // Weights are relative: a cent of stake is one.
        admitted
            .iter()
            .map(|a| (a.stake.get() * 100.0) as u128)
            .collect()
    };
    let set: Vec<RewardedOperator> = weights
        .iter()
        .map(|&weight| RewardedOperator {
            weight,
            split,
            staker_weights: vec![1],
        })
        .collect();
    let symbol = &model.rewards.paid_in;
    let tokens = |units: u128| {
        format!(
            "{units} units ({} {symbol})",
            format::significant(units as f64 / unit, 6, format::Zeros::Trim,)
        )
    };
    let mut rows = vec![
        vec!["submitted for 28 days".to_owned(), tokens(amount)],
        vec!["protocol's fee".to_owned(), tokens(amount - distributed)],
        vec!["each day, rounded down".to_owned(), tokens(daily)],
        vec![
            "never paid (the rest of that division)".to_owned(),
            tokens(dust),
        ],
        vec![
            "days that earn".to_owned(),
            format!("{SUBMISSION_DAYS}: the day of the start does not, the last day does"),
        ],
        vec![
            "a day without any allocation".to_owned(),
            match distribute_day(daily, &[]) {
                DayPayout::Refunded(back) => format!("refunded: {}", tokens(back)),
                DayPayout::Paid(_) => "paid".to_owned(),
            },
        ],
    ];
    if let DayPayout::Paid(parts) = distribute_day(daily, &set) {
        let operators: u128 = parts.iter().map(|p| p.operator).sum();
        let stakers: u128 = parts.iter().flat_map(|p| &p.stakers).sum();
        rows.push(vec![
            "operators' split of a day".to_owned(),
            tokens(operators),
        ]);
        rows.push(vec!["stakers' part of a day".to_owned(), tokens(stakers)]);
        if let Some(largest) = parts.first() {
            rows.push(vec![
                "largest operator, a day".to_owned(),
                tokens(largest.operator),
            ]);
        }
    }
    rows.push(vec![
        "claimable".to_owned(),
        format!(
            "{} after the root is posted, about weekly",
            format::days(f64::from(MAINNET.activation_delay.0) / 86_400.0)
        ),
    ]);
    Some(table(
        "Rewards as the protocol pays them",
        "A submission by unique stake for four weeks of the budget, in the token's smallest units. Each operator sets its own split; the service cannot.",
        &["part", "amount"],
        rows,
    ))
}

/// How the slashable stake follows a change of the budget.
fn flows(subject: &Subject) -> Table {
    let (model, parameters) = (subject.model, &subject.recommendation.parameters);
    let start = parameters.stake.get();
    let exit = days(MAINNET.deallocation_delay.0);
    let configured = days(MAINNET.allocation_configuration_delay.0);
    let cases = [
        ("half the budget", 0.5, 0),
        ("twice the budget, new operators", 2.0, 0),
        (
            "twice the budget, operators that must first set a delay",
            2.0,
            configured,
        ),
    ];
    let rows = cases
        .iter()
        .map(|&(name, factor, entry_days)| {
            let flows = Flows {
                decided_per_day: DECIDED_PER_DAY,
                entry_days,
                exit_days: exit,
            };
            let towards = budget::stake_for(model, parameters, factor * parameters.budget.get());
            let path = flows.path(start, towards, FOLLOWED_DAYS);
            let half = flows.half_way(start, towards, FOLLOWED_DAYS);
            vec![
                name.to_owned(),
                format::usd(towards),
                format::usd(path[14]),
                format::usd(path[30]),
                format::usd(path[90]),
                half.map_or_else(|| "-".to_owned(), |day| format::days(f64::from(day))),
            ]
        })
        .collect();
    table(
        "How fast stake follows the budget",
        &format!(
            "A thirtieth of the gap decides on each day. Who leaves stays slashable for {exit} days; an operator without an allocation delay waits {configured} days before its first allocation."
        ),
        &[
            "change",
            "equilibrium",
            "day 14",
            "day 30",
            "day 90",
            "half-way",
        ],
        rows,
    )
}

/// Whole days of a delay in blocks, rounded up.
fn days(blocks: u32) -> u32 {
    (blocks * 12).div_ceil(86_400)
}

fn sold(subject: &Subject, compared: &Compared) -> Option<Cover> {
    let attacked = &subject.recommendation.assessment.attacked_all_days.estimate;
    let years = f64::from(subject.recommendation.assessment.days) / DAYS_PER_YEAR;
    // P = 1 − e^(−λT), at the upper end of its interval.
    let claims = -libm::log1p(-attacked.high.min(0.999_999)) / years;
    cover(
        subject.model,
        &subject.recommendation.parameters,
        compared.start(),
        claims,
    )
}

fn insurance(subject: &Subject, compared: &Compared) -> Option<Table> {
    let cover = sold(subject, compared)?;
    let rows = [
        ("cover sold", format::usd(cover.sold_usd)),
        (
            "guaranteed slash that is passed on",
            format::usd(cover.guaranteed_usd),
        ),
        (
            "haircut for falls of the collateral",
            format!(
                "{} within {}",
                format::share(cover.haircut),
                format::days(cover.days)
            ),
        ),
        ("cover that may be sold", format::usd(cover.sellable_usd)),
        ("mean claim", format::usd(cover.claim_usd)),
        ("mean payout", format::usd(cover.paid_usd)),
        (
            "mean loss beyond the cover",
            format::usd(cover.uninsured_usd),
        ),
        ("claims a year", format::plain(cover.claims_per_year)),
        ("premium", format::usd_per_year(cover.premium_usd_year)),
        (
            "claims above the cover",
            format::probability(cover.exceeded),
        ),
        (
            "solvent",
            if cover.solvent { "yes" } else { "no" }.to_owned(),
        ),
    ];
    Some(table(
        "Cover that is sold",
        "Paid out of slashes that are passed on, so no more can be sold than the cheapest coalition's slash after a fall of the collateral. At the prices of the start; payouts wait for the protocol's resolution delay of 7 days.",
        &["part", "value"],
        rows.map(|(name, value)| vec![name.to_owned(), value])
            .to_vec(),
    ))
}

/// The cover as a slash rule: what it costs and what it buys.
pub(super) fn rule(subject: &Subject, compared: &Compared) -> Option<SlashRule> {
    let cover = sold(subject, compared)?;
    Some(SlashRule {
        rule: "cover sold to users".to_owned(),
        setting: format::usd(cover.sold_usd),
        same_risk: String::new(),
        costs: format!(
            "stake that cannot leave while it covers; brings {} in premiums",
            format::usd_per_year(cover.premium_usd_year)
        ),
        buys: if cover.solvent {
            format!(
                "users get {} of a mean claim of {}",
                format::usd(cover.paid_usd),
                format::usd(cover.claim_usd)
            )
        } else {
            format!(
                "less than it says: a slash for {} guarantees {}, and {} of claims exceed it",
                subject.model.value.attacks[cover.limited_by].name,
                format::usd(cover.sellable_usd),
                format::probability(cover.exceeded)
            )
        },
        worth: if cover.solvent {
            Worth::Keep
        } else {
            Worth::Drop
        },
        assumptions: super::headline::used(subject, &["A-insurance", "A-burned"]),
    })
}

/// What a careful reader must be told about attackers and payments.
pub(super) fn warnings(subject: &Subject, compared: &Compared) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(cover) = sold(subject, compared)
        && !cover.solvent
    {
        warnings.push(format!(
            "The cover of {} is not guaranteed: what the cheapest coalition's slash for {} passes on supports {} after a haircut of {} for falls of the collateral.",
            format::usd(cover.sold_usd),
            subject.model.value.attacks[cover.limited_by].name,
            format::usd(cover.sellable_usd),
            format::share(cover.haircut)
        ));
    }
    warnings.extend(evidence(subject.model));
    warnings
}

/// Slashes that follow the majority of the very quorum that is to be slashed.
fn evidence(model: &Model) -> Option<String> {
    use crate::spec::model::{Evidence, Verification};
    let majority = model
        .value
        .attacks
        .iter()
        .any(|attack| model.slashing.offences[attack.offence].evidence == Evidence::Majority);
    let assumed = model.assumptions.iter().any(|used| used.id == "A-evidence");
    if majority {
        return Some(
            "A slash follows the majority of the quorum that it judges: a bribe that is paid only if the attack fails costs nothing, and a coalition of half of the weight is never slashed."
                .to_owned(),
        );
    }
    (assumed && model.service.verification == Verification::Quorum).then(|| {
        "Results are verified by a quorum, and somebody outside it is assumed to tell wrong votes (A-evidence). If slashes only follow the majority, the briber's minimum is zero: write evidence = \"majority\"."
            .to_owned()
    })
}
