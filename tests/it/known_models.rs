//! Models whose answer is known in closed form, built by hand.

use stakewright::spec::model::*;
use stakewright::units::{Days, PerYear, Share, Usd, UsdPerYear};

/// Profit of 60 M USD that is there at every moment, pooled ETH with a volatility of 80 % a
/// year, threshold 1/3, slash 99 %, detection 95 %, 30 days, 1 %: the multiple is 1.8484025,
/// the stake 353,761,244.3 USD, the budget 10,348,095.31 USD a year.
pub fn constant_profit() -> Model {
    Model {
        format: 1,
        service: Service {
            name: "closed form".into(),
            kind: "test".into(),
            description: "constant profit against pooled stake".into(),
            verification: Verification::Proof,
        },
        operators: Operators {
            rule: "pooled".into(),
            structure: Structure::Pooled {
                stake: Usd(200e6),
                asset: 0,
            },
            entities: Vec::new(),
            allocate: Share(1.0),
            threshold: Choice::Fixed(Share(1.0 / 3.0)),
            own_share: Share(0.05),
            count: Choice::Fixed(10),
            minimum_stake: None,
            entity_cap: Choice::Fixed(Share(1.0)),
            mix: Vec::new(),
            own_stake_minimum: None,
            own_stake_return: PerYear(0.05),
            quorums: Vec::new(),
            acquirer: Acquirer {
                financing: PerYear(0.05),
                allocation_delay: Days(0.0),
            },
            bribed: Share(0.5),
            costs: OperatorCosts {
                own: UsdPerYear(0.0),
                shared: UsdPerYear(0.0),
                services: 1.0,
            },
            franchise: Franchise {
                net_revenue: PerYear(0.0),
                discount: PerYear(0.15),
                exit_hazard: PerYear(0.05),
                years: None,
            },
        },
        alternatives: Alternatives {
            market: one_asset(),
            own: OwnToken::Assumed,
        },
        market: one_asset(),
        value: Value {
            at_risk: ValueAtRisk {
                start: Usd(150e6),
                growth: PerYear(0.0),
                volatility: PerYear(0.0),
                jumps: None,
            },
            attacks: vec![Attack {
                name: "theft".into(),
                takes: Takes::Usd(Usd(60e6)),
                capped: false,
                chance: Chance::Standing,
                extraction: Extraction::PerEvent,
                offence: 0,
                threshold: None,
                per_event: None,
                short: None,
                ransom: Usd(0.0),
                reorder: Usd(0.0),
                harm: None,
                queued: None,
            }],
            elsewhere: Vec::new(),
        },
        slashing: Slashing {
            offences: vec![Offence {
                name: "theft".into(),
                fault: Fault::Safety,
                slash: Choice::Fixed(Share(0.99)),
                slash_by_asset: Vec::new(),
                attributable: Share(1.0),
                detection: Detection::Probability(Share(0.95)),
                dispute: Choice::Fixed(Days(0.0)),
                veto: None,
                executes: Share(1.0),
                redistributed: Share(0.0),
                recaptured: Share(0.0),
                accidental: PerYear(0.0),
                correlated: None,
                evidence: Evidence::Provable,
            }],
        },
        rewards: Rewards {
            budget: Choice::Search {
                low: UsdPerYear(0.0),
                high: UsdPerYear(100e6),
            },
            paid_in: "ETH".into(),
            operator_split: Share(0.0),
            protocol_fee: Share(0.0),
            vesting: Days(0.0),
            emissions: UsdPerYear(0.0),
            sale: None,
        },
        supply: Supply {
            curve: SupplyCurve::ConstantElasticity {
                stake: Usd(200e6),
                at_yield: PerYear(0.02),
                elasticity: 1.5,
            },
            premium: Premium {
                risk_aversion: 0.0,
                illiquidity: PerYear(0.0),
                alternative: PerYear(0.0),
                governance: PerYear(0.0),
                gas: PerYear(0.0),
                theft: PerYear(0.0),
            },
        },
        faults: FaultProcess {
            clustered: Share(0.0),
            reach: Share(1.0),
            correlation: 0.0,
        },
        incident: IncidentRules {
            leaving: Share(0.0),
            selling: Share(0.0),
        },
        target: Target {
            insecure_within: Days(30.0),
            at_most: Share(0.01),
            confidence: Share(0.95),
            deterrence: Deterrence::WholeStake,
        },
        simulation: Simulation {
            days: 90,
            monitoring: Monitoring::Continuous,
            estimator: Estimator::Automatic,
        },
        uncertainty: Default::default(),
        panel: Vec::new(),
        insurance: None,
        deployment: Deployment::default(),
        schedule: None,
        assumptions: Vec::new(),
    }
}

fn one_asset() -> Market {
    Market {
        assets: vec![MarketAsset {
            symbol: "ETH".into(),
            price: Usd(3_000.0),
            volatility: PerYear(0.8),
            drift: PerYear(0.0),
            jumps: None,
            source: "the case".into(),
            falls: Share(0.0),
            liquidity: Liquidity {
                daily_volume: Usd(10e9),
                impact: 1.0,
            },
            supply: TokenSupply {
                circulating: None,
                loans: None,
            },
        }],
        correlation: vec![vec![1.0, 0.0], vec![0.0, 1.0]],
        shared_jumps: None,
    }
}

/// The stake that [`constant_profit`] needs, USD.
pub const CONSTANT_PROFIT_STAKE: f64 = 353_761_244.346_738_7;
/// The budget that brings it, USD a year.
pub const CONSTANT_PROFIT_BUDGET: f64 = 10_348_095.307_607_43;

/// A service with a set of forty operators of unequal stake in two assets, three attacks of
/// two kinds, exponential detection, accidental slashing and ranges to search: no closed form,
/// but everything that a recommendation must handle.
pub fn operators_and_ranges() -> Model {
    let mut model = constant_profit();
    model.service.name = "ranges".into();
    model.market.assets = vec![
        MarketAsset {
            symbol: "ETH".into(),
            price: Usd(3_000.0),
            volatility: PerYear(0.7),
            drift: PerYear(0.0),
            jumps: None,
            source: "the case".into(),
            falls: Share(0.0),
            liquidity: Liquidity {
                daily_volume: Usd(10e9),
                impact: 1.0,
            },
            supply: TokenSupply {
                circulating: None,
                loans: None,
            },
        },
        MarketAsset {
            symbol: "EIGEN".into(),
            price: Usd(2.0),
            volatility: PerYear(1.2),
            drift: PerYear(0.0),
            jumps: Some(Jumps {
                rate: PerYear(4.0),
                log_mean: -0.1,
                log_sd: 0.15,
            }),
            source: "the case".into(),
            falls: Share(0.0),
            liquidity: Liquidity {
                daily_volume: Usd(10e9),
                impact: 1.0,
            },
            supply: TokenSupply {
                circulating: None,
                loans: None,
            },
        },
    ];
    model.market.correlation = vec![
        vec![1.0, 0.6, 0.5],
        vec![0.6, 1.0, 0.4],
        vec![0.5, 0.4, 1.0],
    ];
    model.market.shared_jumps = Some(SharedJumps {
        jumps: Jumps {
            rate: PerYear(3.0),
            log_mean: -0.08,
            log_sd: 0.08,
        },
        loading: vec![1.0, 1.3, 0.0],
    });
    model.operators.structure = Structure::Entities(
        (0..40_i32)
            .map(|i| {
                let size = 20e6 * (-0.15 * f64::from(i)).exp();
                Operator {
                    label: format!("operator {i}"),
                    address: None,
                    entity: i as usize / 2 * 2 % 36,
                    tokens: vec![0.9 * size / 3_000.0, 0.1 * size / 2.0],
                    delegated_usd: 8.0 * size,
                    reconstructed: false,
                }
            })
            .collect(),
    );
    model.operators.entities = (0..40).map(|i| format!("entity {i}")).collect();
    model.operators.allocate = Share(0.125);
    model.operators.count = Choice::Search { low: 10, high: 40 };
    model.operators.costs = OperatorCosts {
        own: UsdPerYear(20_000.0),
        shared: UsdPerYear(40_000.0),
        services: 8.0,
    };
    model.operators.franchise.net_revenue = PerYear(0.004);
    model.value.at_risk.volatility = PerYear(0.8);
    model.value.at_risk.growth = PerYear(0.4);
    let theft = model.value.attacks[0].clone();
    model.value.attacks = vec![
        Attack {
            name: "false price".into(),
            takes: Takes::LognormalUsd {
                median: Usd(3e6),
                sigma: 1.2,
            },
            capped: true,
            chance: Chance::Rate(PerYear(24.0)),
            ..theft.clone()
        },
        Attack {
            name: "share".into(),
            takes: Takes::ShareOfValue(Share(0.25)),
            capped: true,
            chance: Chance::Standing,
            ..theft
        },
    ];
    model.slashing.offences[0].slash = Choice::Search {
        low: Share(0.1),
        high: Share(1.0),
    };
    model.slashing.offences[0].attributable = Share(0.98);
    model.slashing.offences[0].detection = Detection::Exponential { mean: Days(2.0) };
    model.slashing.offences[0].dispute = Choice::Search {
        low: Days(1.0),
        high: Days(7.0),
    };
    model.slashing.offences[0].veto = Some(Veto {
        window: Choice::Fixed(Days(1.0)),
        probability: Share(0.02),
    });
    model.slashing.offences[0].accidental = PerYear(0.002);
    let mut liveness = model.slashing.offences[0].clone();
    liveness.name = "downtime".into();
    liveness.fault = Fault::Liveness;
    liveness.slash = Choice::Search {
        low: Share(0.0001),
        high: Share(0.01),
    };
    liveness.dispute = Choice::Fixed(Days(2.0));
    liveness.accidental = PerYear(0.5);
    model.slashing.offences.push(liveness);
    model.rewards.operator_split = Share(0.1);
    model.supply.premium.risk_aversion = 2.0;
    model.supply.premium.illiquidity = PerYear(0.005);
    model.target.at_most = Share(0.002);
    model.simulation = Simulation {
        days: 120,
        monitoring: Monitoring::Daily,
        estimator: Estimator::Automatic,
    };
    model
}
