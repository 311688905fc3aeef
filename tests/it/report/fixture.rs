//! A TEST FIXTURE: findings with invented numbers of a plausible size. Nothing here was simulated.

use stakewright::report::findings::*;

fn ids(list: &[&str]) -> Vec<String> {
    list.iter().map(|id| (*id).to_owned()).collect()
}

fn statement(head: &str, text: &str, assumptions: &[&str]) -> Statement {
    Statement {
        head: head.to_owned(),
        text: text.to_owned(),
        assumptions: ids(assumptions),
    }
}

fn row(label: &str, value: Value, note: &str, assumptions: &[&str]) -> HeadlineRow {
    HeadlineRow {
        label: label.to_owned(),
        value,
        note: note.to_owned(),
        assumptions: ids(assumptions),
    }
}

fn variant(
    id: &str,
    name: &str,
    side: Side,
    value: Value,
    formula: &str,
    deciding: bool,
) -> Variant {
    Variant {
        id: id.to_owned(),
        name: name.to_owned(),
        side,
        worst: match &value {
            Value::Number(number) => Some(Spread {
                low: 0.6 * number.value,
                median: 0.9 * number.value,
                high: 1.4 * number.value,
                moments: 21,
            }),
            Value::Words(_) => None,
        },
        value,
        formula: formula.to_owned(),
        deciding,
        promised: id == "C6",
        assumptions: ids(&["A3"]),
    }
}

fn today(value: f64) -> Value {
    Quantity::exact(value, Unit::Usd).into()
}

fn usd(value: f64, low: f64, high: f64) -> Value {
    Quantity::estimate(value, Unit::Usd, low, high, 0.95).into()
}

/// The fixture of a safe design.
pub fn safe() -> Findings {
    Findings {
        format: FORMAT,
        title: "user-security (test fixture)".to_owned(),
        question: "user-security · set of 206 operators, 12 % allocated · horizon 30 days".to_owned(),
        verdict: Verdict::Safe,
        promise: Promise {
            horizon_days: 30.0,
            at_most: 0.001,
            confidence: 0.95,
            measured: Some(MeasuredRisk { insecure_paths: 7, paths: 20_000, low: 0.000_141, high: 0.000_721, paths_to_decide: None, weighted: None }),
        },
        footing: Some(Footing {
            counts: "counting the stake of delegators too".to_owned(),
            beneath: Some(Beneath {
                verdict: Verdict::Unsafe,
                condition: "if operators weigh only what they themselves lose (38 M USD today, not 96 M USD, against a profit of up to 60 M USD)".to_owned(),
                outcome: "an insecure day within 30 days has probability 1.1 to 1.4 %; 250 of the same 20,000 fresh paths".to_owned(),
                closes: vec![
                    statement("cap on one event", "at most 14 M USD", &[]),
                    statement("own stake asked of each operator", "at least 2.1 M USD, 14.2 M USD/yr", &["A2"]),
                    statement("alone, no value helps of", "slashable stake (to 2.9 B USD)", &[]),
                ],
                ask: "deterrence = \"operator-rational\" in [target] makes the promise rest on it".to_owned(),
                assumptions: ids(&["A2"]),
            }),
        }),
        headline: vec![
            row("slashable stake", usd(354e6, 341e6, 372e6), "today's set would give 402 M USD at 12 %", &["A1", "A3"]),
            row(
                "reward budget",
                Quantity::estimate(10.3e6, Unit::UsdPerYear, 9.6e6, 11.5e6, 0.95).into(),
                "2.9 % a year on slashable stake",
                &["A5"],
            ),
            row("slash, safety fault", Quantity::exact(0.99, Unit::Share).into(), "liveness 0.1 %, correlated ×3", &["A4"]),
            row("dispute + veto", Value::Words("5 days + 1 day".to_owned()), "of 14 days before an operator can leave", &[]),
            row("quorum threshold", Quantity::exact(0.334, Unit::Share).into(), "of the weight, attributable faults", &["A2"]),
            row(
                "operators",
                Quantity::exact(31.0, Unit::Count).bounded(Bound::AtLeast).into(),
                "none above 9 %, minimum 1.1 M USD each",
                &["A6"],
            ),
        ],
        changes: vec![
            statement("", "Lower the allocation you ask for from 12 % to 10.6 %: the set offers more than the promise needs.", &["A1"]),
            statement("", "Shorten detection before anything else: each day saved is worth 32 M USD of stake.", &["A7"]),
        ],
        binds: vec![
            statement("detection", "3 days mean; at 5 days the same risk needs 418 M USD", &["A7"]),
            statement("stakers' required yield", "sets the budget; operators would break even at 3.1 M USD/yr", &["A5"]),
        ],
        breaks_first: Some(statement("correlation of collateral and value at risk", "above 0.62 (assumed 0.50) the promise is broken", &["A3"])),
        lowest_coc: Some(statement("operator-rational", "38 M USD (whole-stake 117 M USD): own stake is what deters", &["A2"])),
        variants: variants(),
        slash_rules: slash_rules(),
        operators: operators(),
        figures: figures(),
        tables: vec![Table {
            title: "Collateral compared".to_owned(),
            caption: "The same promise with other collateral: ETH-backed stake is the cheapest, because an attack does not dent it.".to_owned(),
            columns: ids(&["collateral", "stake needed", "budget"]),
            rows: vec![
                ids(&["ETH and liquid staking tokens", "354 M USD", "10.3 M USD/yr"]),
                ids(&["EIGEN", "611 M USD", "31 M USD/yr"]),
                ids(&["own token", "not reachable", "–"]),
            ],
        }],
        growth: None,
        config: vec![
            ConfigEntry {
                place: "AllocationManager.slashOperator".to_owned(),
                name: "wadsToSlash (false verdict)".to_owned(),
                value: "990000000000000000".to_owned(),
                meaning: "99 %".to_owned(),
                rounding: "exact".to_owned(),
            },
            ConfigEntry {
                place: "ServiceManager".to_owned(),
                name: "disputeWindowBlocks".to_owned(),
                value: "36000".to_owned(),
                meaning: "5 days at 12 s a block".to_owned(),
                rounding: "up: a shorter window would miss evidence".to_owned(),
            },
            ConfigEntry {
                place: "RewardsCoordinator.createOperatorDirectedOperatorSetRewardsSubmission".to_owned(),
                name: "amount per week".to_owned(),
                value: "58219178082191780821".to_owned(),
                meaning: "58.2 ETH a week".to_owned(),
                rounding: "down to whole wei".to_owned(),
            },
        ],
        method: ids(&[
            "Each path draws ETH, liquid staking tokens, EIGEN and the value at risk jointly, day by day, with jumps.",
            "On every day the cheapest coalition of entities that reaches the threshold is found, with a certified gap of at most 0.1 %.",
            "The smallest multiple of the set that would have kept a path secure is its critical stake; the order statistics of critical stakes give the curve of risk against stake.",
            "The recommended design is certified on fresh seeds by an exact binomial bound.",
        ]),
        assumptions: assumptions(),
        provenance: Provenance {
            version: "0.1.0".to_owned(),
            model: "models/user-security.toml".to_owned(),
            model_hash: "7f3a19c2".to_owned(),
            snapshot: "embedded · 2024-12-03 · 40 AVSs, 358 operators".to_owned(),
            snapshot_hash: "c0ffee12".to_owned(),
            reconstructed: "stake of single operators reconstructed".to_owned(),
            seed: "0x5eed".to_owned(),
            paths: 40_000,
            horizon_days: 30,
            all_days_paths: 10_000,
            days: 365,
            wall_seconds: Some(3.6),
            command: "stakewright run models/user-security.toml --seed 0x5eed".to_owned(),
        },
        warnings: vec!["EIGEN's daily volume is two years old; the price of selling into it is an extrapolation.".to_owned()],
        outputs: vec![
            Output { label: "report".to_owned(), path: "reports/user-security-7f3a/report.html".to_owned() },
            Output { label: "config".to_owned(), path: "reports/user-security-7f3a/config/".to_owned() },
        ],
    }
}

fn variants() -> Vec<Variant> {
    use Side::{Cost, Profit};
    vec![
        variant(
            "C0",
            "naive",
            Cost,
            today(354e6),
            "all slashable stake of all operators; never a security number",
            false,
        ),
        variant(
            "C1",
            "whole stake",
            Cost,
            today(117e6),
            "slash share × stake of the cheapest coalition",
            false,
        ),
        variant(
            "C2",
            "operator-rational",
            Cost,
            today(38e6),
            "own stake lost × chance that the slash lands + future net revenue lost, of the cheapest coalition",
            true,
        ),
        variant(
            "C3",
            "briber's minimum",
            Cost,
            today(44e6),
            "what decision-makers lose, collateral loss discounted by pivotality",
            false,
        ),
        variant(
            "C4a",
            "seller's",
            Cost,
            today(109e6),
            "C1 less the price impact of selling",
            false,
        ),
        variant(
            "C4b",
            "acquirer's",
            Cost,
            today(126e6),
            "C1 plus the price impact of buying and the carry",
            false,
        ),
        variant(
            "C5",
            "probabilistic",
            Cost,
            today(96e6),
            "C1 × attribution × detection in time × no veto × execution",
            false,
        ),
        variant(
            "C6",
            "after recapture",
            Cost,
            today(96e6),
            "C5 × the share that does not return to the attacker",
            false,
        ),
        variant(
            "C7",
            "after escape",
            Cost,
            today(87e6),
            "C5 with the exit queued before the attack",
            false,
        ),
        variant(
            "C8",
            "all quorums",
            Cost,
            Value::Words("one quorum only".to_owned()),
            "the cheapest coalition that reaches every quorum",
            false,
        ),
        variant(
            "P1",
            "false verdict, per event",
            Profit,
            today(21e6),
            "what one corrupted verdict takes, capped by the value at risk",
            true,
        ),
        variant(
            "P2",
            "drain until detected",
            Profit,
            today(12e6),
            "rate cap × time to detection and pause",
            false,
        ),
        variant(
            "P3",
            "short sale",
            Profit,
            today(2.4e6),
            "depth × drop, less borrow and fees",
            false,
        ),
    ]
}

fn slash_rules() -> Vec<SlashRule> {
    let rule = |rule: &str, setting: &str, costs: &str, buys: &str, worth| SlashRule {
        rule: rule.to_owned(),
        setting: setting.to_owned(),
        same_risk: "18.4 M USD/yr (1.5× the stake)".to_owned(),
        costs: costs.to_owned(),
        buys: buys.to_owned(),
        worth,
        assumptions: ids(&["A4"]),
    };
    vec![
        rule(
            "false verdict",
            "99 %",
            "0.41 % a year in required yield (1.5 M USD/yr)",
            "117 M USD of whole-stake cost instead of 59 M USD at 50 %",
            Worth::Keep,
        ),
        rule(
            "correlated penalty",
            "3× the faulty share",
            "0.03 % a year from honest clusters",
            "9 M USD of stake saved",
            Worth::Keep,
        ),
        rule(
            "liveness",
            "0.1 %",
            "0.01 % a year",
            "nothing against theft; keeps the quorum awake",
            Worth::Neutral,
        ),
        rule(
            "veto committee",
            "1 day",
            "2 % of slashes vetoed, 1 day of 14",
            "false slashes down from 0.4 % to 0.05 % a year",
            Worth::Drop,
        ),
    ]
}

fn operators() -> Operators {
    let names = [
        "Northwind Staking",
        "Meridian",
        "Nodes & Sons",
        "Lighthouse Collective",
        "Blue Harbor",
        "validator <eu-west>",
        "Ξther Guild",
        "Quiet Mountain",
    ];
    Operators {
        operators: 206,
        entities: 188,
        top: names
            .iter()
            .enumerate()
            .map(|(index, name)| {
                let share = 0.11 * 0.83_f64.powi(index as i32);
                OperatorRow {
                    name: (*name).to_owned(),
                    entity: if index < 2 { "Northwind Group".to_owned() } else { (*name).to_owned() },
                    stake_usd: share * 354e6,
                    share,
                    reconstructed: true,
                }
            })
            .collect(),
        note: "The stake of single operators is reconstructed: the most even split that gives the totals of every service and asset.".to_owned(),
    }
}

fn assumptions() -> Vec<Assumption> {
    let one = |id: &str, statement: &str, source: &str, used_in: &str| Assumption {
        id: id.to_owned(),
        statement: statement.to_owned(),
        source: source.to_owned(),
        used_in: used_in.to_owned(),
    };
    vec![
        one(
            "A1",
            "Operators allocate 12 % of their stake.",
            "model file",
            "stake",
        ),
        one(
            "A2",
            "An operator owns 2 % of the stake delegated to it.",
            "model file",
            "operator-rational cost",
        ),
        one(
            "A3",
            "ETH and the value at risk correlate at 0.50.",
            "model file",
            "risk",
        ),
        one(
            "A4",
            "Delegators weigh a slash with relative risk aversion 3.",
            "common range 1 to 10",
            "required yield",
        ),
        one(
            "A5",
            "Supply elasticity of restaked ETH is 1.5.",
            "assumption, no estimate known",
            "budget",
        ),
        one(
            "A6",
            "An operator of a small service spends 60 k USD a year.",
            "assumption",
            "operator count",
        ),
        one(
            "A7",
            "Detection takes 3 days on average, exponential.",
            "model file",
            "slash that lands",
        ),
    ]
}

fn figures() -> FigureData {
    let days: Vec<f64> = (0..=73).map(|step| f64::from(step) * 5.0).collect();
    let quantile = |probability: f64, deviations: f64| Quantile {
        probability,
        coverage: days
            .iter()
            .map(|day| 1.85 * (0.55 * (day / 365.0).sqrt() * deviations - 0.1 * day / 365.0).exp())
            .collect(),
    };
    let edges_usd: Vec<f64> = (0..=60)
        .map(|step| 1e5 * 10_f64.powf(f64::from(step) * 0.075))
        .collect();
    let bump = |median: f64, sigma: f64| -> Vec<u64> {
        edges_usd
            .windows(2)
            .map(|edge| {
                let x = ((edge[0] * edge[1]).sqrt() / median).ln() / sigma;
                ((-0.5 * x * x).exp() * 1000.0) as u64
            })
            .collect()
    };
    let risk = |stake: f64| (0.1 * (-(stake - 150.0) / 44.0).exp()).min(1.0);
    let point = |stake: f64| RiskPoint {
        stake_usd: stake * 1e6,
        risk: risk(stake),
        low: risk(stake) * 0.6,
        high: risk(stake) * 1.5 + 5e-5,
    };
    let supply = |stake: f64| BudgetPoint {
        stake_usd: stake * 1e6,
        budget_usd_per_year: 4e6 * (stake / 200.0).powf(5.0 / 3.0),
    };
    let even = |stake: f64| BudgetPoint {
        stake_usd: stake * 1e6,
        budget_usd_per_year: 2.4e6 + 2e3 * stake,
    };
    let stakes = || (4..=26).map(|step| f64::from(step) * 20.0);
    let design = |label: &str, budget: f64, risk: f64, standing| Design {
        label: label.to_owned(),
        budget_usd_per_year: budget * 1e6,
        risk,
        low: risk * 0.7,
        high: risk * 1.4,
        standing,
    };
    let mut shares: Vec<f64> = (0..188)
        .map(|index| 0.1 * 0.955_f64.powi(index) + 0.0008)
        .collect();
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    let part = |label: &str, usd: f64, note: &str| MoneyPart {
        label: label.to_owned(),
        usd_per_year: usd,
        note: note.to_owned(),
    };
    let broken = |input: &str, assumed: &str, at: Option<&str>, deviations: f64| BreakRow {
        input: input.to_owned(),
        assumed: assumed.to_owned(),
        breaks_at: at.map(str::to_owned),
        deviations,
    };
    let world = |label: &str, needed: Option<f64>, safe: bool| PanelMark {
        label: label.to_owned(),
        needed_usd: needed,
        low_usd: needed.map(|usd| 0.96 * usd),
        high_usd: needed.map(|usd| 1.05 * usd),
        says: if safe {
            "safe, 7 of 20,000 insecure"
        } else {
            "undecided, 21 of 20,000 insecure"
        }
        .to_owned(),
        safe,
    };
    let size = |operators: f64, budget: Option<f64>, third: f64, all: f64| SizeMark {
        operators,
        budget_usd_per_year: budget,
        to_one_third: third,
        to_threshold: all,
        chosen: (operators - 31.0).abs() < 0.5,
    };
    FigureData {
        growth: None,
        panel: Some(PanelFigure {
            rows: vec![
                world("model", Some(320e6), true),
                world("twice the crashes", Some(349e6), true),
                world("no slash lands", None, false),
            ],
            stake_usd: 354e6,
            caption:
                "“twice the crashes” asks for most stake, 349 M USD; recommended are 354 M USD."
                    .to_owned(),
            assumptions: ids(&["A3"]),
        }),
        sizes: Some(SizesFigure {
            sizes: vec![
                size(3.0, None, 1.0, 1.0),
                size(10.0, Some(9.9e6), 2.0, 3.0),
                size(31.0, Some(10.3e6), 4.0, 5.0),
                size(206.0, Some(48e6), 6.0, 7.0),
            ],
            caption: "31 operators: 5 entities reach the threshold together.".to_owned(),
            assumptions: ids(&["A6"]),
        }),
        margin: Some(MarginFan {
            quantiles: vec![
                quantile(0.001, -3.09),
                quantile(0.05, -1.645),
                quantile(0.25, -0.674),
                quantile(0.5, 0.0),
                quantile(0.75, 0.674),
                quantile(0.95, 1.645),
                quantile(0.999, 3.09),
            ],
            days,
            horizon_days: 30.0,
            assumptions: ids(&["A3"]),
        }),
        worst: Some(WorstMoment {
            coc: bump(80e6, 0.4),
            pfc: bump(19e6, 0.9),
            edges_usd,
            days: 365.0,
            assumptions: ids(&["A3"]),
        }),
        risk: Some(RiskCurve {
            points: stakes().map(point).collect(),
            recommended: Some(RiskPoint {
                stake_usd: 354e6,
                risk: 0.00096,
                low: 0.0006,
                high: 0.0015,
            }),
            today_usd: Some(402e6),
            assumptions: ids(&["A1", "A3"]),
        }),
        budget: Some(BudgetCurve {
            stakers: stakes().map(supply).collect(),
            operators: stakes().map(even).collect(),
            recommended: Some(BudgetPoint {
                stake_usd: 354e6,
                budget_usd_per_year: 10.3e6,
            }),
            interval: Some(Interval {
                low: 9.6e6,
                high: 11.5e6,
                confidence: 0.95,
            }),
            assumptions: ids(&["A5", "A6"]),
        }),
        frontier: Some(Frontier {
            designs: vec![
                design("slash 50 %", 6.1, 0.02, Standing::Frontier),
                design("slash 70 %", 8.2, 0.004, Standing::Frontier),
                design("", 9.0, 0.03, Standing::Dominated),
                design("slash 99 %, 3 days", 10.3, 0.00096, Standing::Chosen),
                design("", 11.8, 0.002, Standing::Dominated),
                design("slash 99 %, 1 day", 13.0, 0.0003, Standing::Frontier),
                design("", 15.0, 0.0011, Standing::Dominated),
            ],
            assumptions: ids(&["A5"]),
        }),
        concentration: Some(Concentration {
            entity_shares: shares,
            names: ids(&["Northwind Group"]),
            threshold: 0.334,
            reconstructed: true,
            assumptions: ids(&["A1"]),
        }),
        money: Some(Money {
            parts: vec![
                part("stakers", 7.4e6, "2.1 % a year after the operators' split"),
                part("operators' costs", 1.9e6, "31 operators × 60 k USD"),
                part("operators' profit", 0.6e6, "19 k USD each"),
                part(
                    "protocol fee",
                    0.4e6,
                    "optional, 20 % of the operators' split",
                ),
            ],
            assumptions: ids(&["A6"]),
        }),
        breaks: Some(Breaks {
            rows: vec![
                broken(
                    "volatility of the value at risk",
                    "80 %/yr",
                    Some("104 %/yr"),
                    2.2,
                ),
                broken(
                    "correlation of collateral and value at risk",
                    "0.50",
                    Some("0.62"),
                    0.8,
                ),
                broken("mean time to detection", "3 days", Some("4.4 days"), 1.4),
                broken("own stake of operators", "2 %", None, 3.0),
            ],
            assumptions: ids(&["A2", "A3", "A7"]),
        }),
        incident: Some(IncidentTimeline {
            days: (0..=30).map(f64::from).collect(),
            extracted: (0..=30)
                .map(|day| (f64::from(day) / 4.0).min(1.0))
                .collect(),
            detected: (0..=30)
                .map(|day| 1.0 - (-f64::from(day) / 3.0).exp())
                .collect(),
            slashed: (0..=30)
                .map(|day| (0.88 * (f64::from(day) - 4.0) / 10.0).clamp(0.0, 0.88))
                .collect(),
            paid: (0..=30)
                .map(|day| (0.61 * (f64::from(day) - 11.0) / 10.0).clamp(0.0, 0.61))
                .collect(),
            exit_days: 14.0,
            caption: "Half are seen within 2 days. Of the harm, 61 % is paid back.".to_owned(),
            assumptions: ids(&["A4"]),
        }),
        collateral: Some(CollateralFigure {
            rows: [
                ("as the set has it", Some(354e6), Some(362e6), Some(10.3e6)),
                ("all ETH", Some(349e6), Some(349e6), Some(10.0e6)),
                ("all own token", Some(610e6), Some(1_525e6), None),
                ("a token that nobody wants", None, None, None),
            ]
            .map(
                |(label, stake_usd, hedged_usd, budget_usd_per_year)| CollateralMark {
                    label: label.to_owned(),
                    stake_usd,
                    hedged_usd,
                    budget_usd_per_year,
                },
            )
            .to_vec(),
            caption: "The same promise needs 349 M USD in ETH and 610 M USD in the own token."
                .to_owned(),
            assumptions: ids(&["A2"]),
        }),
    }
}
