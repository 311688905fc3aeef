//! A small snapshot, made up: twelve operators, two services, four assets.

use stakewright::snapshot::*;

fn address(byte: u8) -> Address {
    Address([byte; 20])
}

fn asset(symbol: &str, class: AssetClass, usd: Option<f64>) -> Asset {
    Asset {
        symbol: symbol.into(),
        strategy: None,
        token: None,
        class,
        decimals: 18,
        price: usd.map(|usd| Price {
            usd,
            source: "a test".into(),
            timestamp: 1_733_184_000,
            answer: None,
            answer_decimals: None,
        }),
        units_per_1e18_shares: None,
        total_shares: None,
        locked_until: None,
    }
}

fn fact(key: &str, value: f64) -> Fact {
    Fact {
        key: key.into(),
        value,
        exact: None,
        unit: "1".into(),
        source: "a test".into(),
        date: "2024-12-03".into(),
        grade: Grade::A,
        note: String::new(),
    }
}

fn avs(byte: u8, name: &str) -> Avs {
    Avs {
        address: address(byte),
        name: Some(name.into()),
        metadata_uri: None,
        registrar: None,
    }
}

/// Operators 1 to 12; `EigenDA` has the first ten, `Lonely` nobody.
pub fn snapshot() -> Snapshot {
    let mut facts = Facts(vec![
        fact("market.returns.eth.2017_2025.annual_volatility", 0.872),
        fact(
            "market.returns.eth.2017_2025.jump_diffusion_volatility",
            0.6,
        ),
        fact("market.returns.eth.2017_2025.jumps_per_year", 20.0),
        fact("market.returns.eth.2017_2025.jump_log_mean", -0.02),
        fact("market.returns.eth.2017_2025.jump_log_sd", 0.14),
        fact("market.returns.eth.2022_2025.annual_volatility", 0.701),
        fact("market.returns.eigen.2024_2025.annual_volatility", 1.466),
        fact("market.returns.btc.2014_2025.annual_volatility", 0.679),
        fact("market.correlation.btc.eth.2018_2025.pearson", 0.825),
        fact("market.correlation.eigen.eth.2024_2025.pearson", 0.75),
        fact("market.correlation.btc.eigen.2024_2025.pearson", 0.585),
        fact("market.peg.steth.before_withdrawals.mean", 0.978),
        fact("market.peg.steth.before_withdrawals.sd", 0.0105),
        fact("market.peg.steth.before_withdrawals.lowest", 0.9367),
        fact("market.peg.steth.before_withdrawals.innovation_sd", 0.0044),
    ]);
    facts.sort();
    let mut snapshot = Snapshot {
        manifest: Manifest {
            label: "a test".into(),
            ..Manifest::default()
        },
        assets: vec![
            asset("ETH", AssetClass::Eth, Some(2000.0)),
            asset("stETH", AssetClass::Lst, Some(1990.0)),
            asset("mETH", AssetClass::Lst, Some(2100.0)),
            asset("bEIGEN", AssetClass::Eigen, Some(2.5)),
            asset("reALT", AssetClass::Token, Some(0.1)),
            asset("slisBNB", AssetClass::Token, None),
        ],
        avss: vec![avs(0xa1, "EigenDA"), avs(0xa2, "Lonely")],
        sets: (0..2)
            .map(|avs| OperatorSet {
                avs,
                id: 0,
                kind: SetKind::RegistrationBeforeOperatorSets,
                strategies: Vec::new(),
                slasher: None,
                redistribution_recipient: None,
            })
            .collect(),
        facts,
        ..Snapshot::default()
    };
    for i in 0..12u32 {
        snapshot.operators.push(Operator {
            address: address(i as u8 + 1),
            name: (i == 0).then(|| "Kiln".to_owned()),
            metadata_uri: None,
            entity: (i == 1 || i == 2).then(|| "Twins".to_owned()),
            allocation_delay_blocks: None,
        });
        if i < 10 {
            snapshot.memberships.push(Membership {
                set: 0,
                operator: i,
                slashable_until_block: None,
            });
        }
        for (asset, tokens) in [
            (0, 10_000.0),
            (1, 3_000.0),
            (2, 500.0),
            (3, 200_000.0),
            (4, 100.0),
            (5, 7.0),
        ] {
            snapshot.stakes.push(Stake {
                operator: i,
                asset,
                amount_tokens: tokens * f64::from(12 - i),
                shares: None,
                queued_shares: None,
                provenance: Provenance::Reconstructed,
            });
        }
    }
    snapshot.sort();
    assert!(snapshot.check().is_empty(), "{:?}", snapshot.check());
    snapshot
}
