//! Restaking networks.

use super::{close, exact, nine};
use stakewright::economics::coalition::Effort;
use stakewright::economics::network::elastic::SymmetricNetwork;
use stakewright::economics::network::graph::RestakingGraph;
use stakewright::economics::network::joint::Allocations;
use stakewright::economics::network::{Service, cascade_length_bound, shock_loss_bound};
use stakewright::economics::slashing::elastic_remainder;

#[test]
fn b01_the_bound_on_losses_after_a_shock() {
    nine(shock_loss_bound(0.1, 0.001), 0.011);
}

#[test]
fn b02_a_condition_that_holds_with_equality_may_lose_everything() {
    let graph = RestakingGraph {
        stakes: vec![0.01, 0.99],
        services: vec![Service {
            prize: 1.0,
            threshold: 1.0,
        }],
        edges: vec![(0, 0), (1, 0)],
    };
    assert!(graph.condition_holds(0.0));
    assert!(graph.is_secure());
    let worst = graph.worst_attack().unwrap();
    assert!((worst.cost - worst.prize).abs() < 1e-15);
    assert!(graph.slack().abs() < 1e-15);
    exact(graph.loss_after_shock(0.01), 1.0);
    exact(graph.loss_after_shock(0.009), 0.009);
}

#[test]
fn b03_the_bound_on_losses_is_tight() {
    let (slack, shock, epsilon): (f64, f64, f64) = (0.1, 0.02, 0.001);
    let a = shock;
    let b = a * (1.0 / slack - epsilon / shock);
    let c = a * ((1.0 - shock + epsilon) / shock - 1.0 / slack);
    let prize = (a + b) / (1.0 + slack);
    close(b, 0.199, 1e-14);
    close(c, 0.781, 1e-14);
    close(prize, 0.199_090_909_090_909_07, 1e-14);
    let graph = RestakingGraph {
        stakes: vec![a, b, c],
        services: vec![Service {
            prize,
            threshold: 1.0,
        }],
        edges: vec![(0, 0), (1, 0)],
    };
    assert!(graph.condition_holds(slack));
    close(graph.slack(), 0.1, 1e-13);
    close(prize - b, 9.090_909_090_909_09e-5, 1e-10);
    close(graph.loss_after_shock(shock), 0.219, 1e-14);
    close(shock_loss_bound(slack, shock), 0.22, 1e-14);
}

#[test]
fn b04_a_coalition_of_services_is_not_protected_by_its_own_condition() {
    let service = Service {
        prize: 1.0,
        threshold: 1.0,
    };
    let graph = RestakingGraph {
        stakes: vec![1.9, 2.2, 2.2],
        services: vec![service; 3],
        // x: {a, b}, y: {b, c}, z: {c, a}.
        edges: vec![(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (0, 2)],
    };
    let left = graph.condition(0.1);
    nine(left[0], 1.019_512_195_121_951_2);
    nine(left[1], 1.140_243_902_439_024_3);
    nine(left[2], 1.140_243_902_439_024_3);
    assert!(graph.condition_holds(0.1));
    let worst = graph.worst_attack().unwrap();
    close(worst.cost - worst.prize, 3.1, 1e-14);
    exact(graph.local_loss_after_shock(&[0, 2], 0.0), 1.0);
}

#[test]
fn b06_the_bound_on_the_length_of_a_cascade() {
    nine(
        cascade_length_bound(0.1, 0.01, 1.0, 0.001, 1.0),
        49.317_715_856_193_58,
    );
    nine(
        cascade_length_bound(0.5, 0.05, 1e9, 1e6, 2.0),
        24.715_494_349_070_294,
    );
}

#[test]
fn b07_two_services_that_are_safe_alone_and_not_together() {
    let network = |prizes: [f64; 2]| Allocations {
        stakes: vec![40.0, 30.0, 20.0, 50.0],
        franchise: vec![0.0; 4],
        services: vec![
            Service {
                prize: prizes[0],
                threshold: 1.0 / 3.0,
            },
            Service {
                prize: prizes[1],
                threshold: 2.0 / 3.0,
            },
        ],
        allocated: vec![
            vec![40.0, 0.0],
            vec![30.0, 30.0],
            vec![20.0, 20.0],
            vec![0.0, 50.0],
        ],
    };
    let attack = |prizes, services: &[usize]| {
        let attack = network(prizes)
            .cheapest_attack(services, Effort::REPORTED)
            .unwrap();
        assert!(
            (attack.cost - attack.lower_bound).abs() < 1e-300,
            "{attack:?}"
        );
        attack
    };
    for (prizes, margins) in [
        ([25.0, 60.0], [5.0, 10.0, -5.0]),
        ([35.0, 65.0], [-5.0, 5.0, -20.0]),
    ] {
        exact(attack(prizes, &[0]).cost, 30.0);
        exact(attack(prizes, &[1]).cost, 70.0);
        let joint = attack(prizes, &[0, 1]);
        exact(joint.cost, 80.0);
        assert_eq!(joint.operators, [1, 3]);
        exact(attack(prizes, &[0]).margin(), margins[0]);
        exact(attack(prizes, &[1]).margin(), margins[1]);
        exact(joint.margin(), margins[2]);
        let worst = network(prizes)
            .worst_attack(Effort::REPORTED, |_| 0.0)
            .unwrap();
        exact(worst.margin(), margins[2]);
    }
}

/// One operator and two services of prize six.
fn one_operator(stake: f64, allocated: f64, franchise: f64) -> Allocations {
    Allocations {
        stakes: vec![stake],
        franchise: vec![franchise],
        services: vec![
            Service {
                prize: 6.0,
                threshold: 1.0
            };
            2
        ],
        allocated: vec![vec![allocated; 2]],
    }
}

fn margins(network: &Allocations) -> [f64; 2] {
    [&[0][..], &[0, 1]].map(|services| {
        network
            .cheapest_attack(services, Effort::REPORTED)
            .unwrap()
            .margin()
    })
}

#[test]
fn b08_stake_that_backs_two_services_is_lost_once() {
    let [single, joint] = margins(&one_operator(10.0, 10.0, 0.0));
    exact(single, 4.0);
    exact(joint, -2.0);
}

#[test]
fn b09_unique_stake_adds_up() {
    let network = one_operator(10.0, 5.0, 0.0);
    assert!(network.is_unique_stake());
    let [single, joint] = margins(&network);
    exact(single, -1.0);
    exact(joint, -2.0);
}

#[test]
fn b10_minimum_stake_of_a_symmetric_elastic_network() {
    let third = 1.0 / 3.0;
    for (n, threshold, degree, expected) in [
        (10, third, 1.0, 3.000_000_000_000_001),
        (10, third, 1.5, 2.857_142_857_142_857_7),
        (10, third, 2.0, 2.727_272_727_272_727_5),
        (10, third, 3.0, 2.500_000_000_000_000_4),
        (10, 0.5, 1.0, 2.0),
        (10, 0.5, 1.5, 2.0),
        (10, 0.5, 2.0, 2.0),
        (10, 0.5, 3.0, 2.0),
        (11, third, 1.0, 3.000_000_000_000_000_4),
        (11, third, 1.5, 2.75),
        (11, third, 2.0, 2.75),
        (11, third, 3.0, 2.75),
        (11, 0.5, 1.0, 2.000_000_000_000_000_4),
        (11, 0.5, 1.5, 1.913_043_478_260_869_6),
        (11, 0.5, 2.0, 1.833_333_333_333_333_3),
        (11, 0.5, 3.0, 1.833_333_333_333_333_3),
        (12, third, 1.0, 3.0),
        (12, third, 1.5, 3.0),
        (12, third, 2.0, 3.0),
        (12, third, 3.0, 3.0),
        (12, 0.5, 1.0, 2.0),
        (12, 0.5, 1.5, 2.0),
        (12, 0.5, 2.0, 2.0),
        (12, 0.5, 3.0, 2.0),
    ] {
        let network = SymmetricNetwork {
            validators: n,
            services: n,
            stake: 1.0,
            allocation: 0.0,
            prize: 1.0,
            threshold,
            base_prize: None,
        };
        nine(network.minimum_stake(degree), expected);
    }
}

#[test]
fn b12_a_slash_stretches_to_the_other_allocation() {
    let left = elastic_remainder(100.0, &[80.0], 80.0);
    exact(left.stake_usd, 20.0);
    exact(left.allocation_usd, 20.0);
}

#[test]
fn b15_a_franchise_lost_once_makes_joint_attacks_cheaper() {
    let [single, joint] = margins(&one_operator(10.0, 5.0, 1.5));
    exact(single, 0.5);
    exact(joint, -0.5);
    let [single, joint] = margins(&one_operator(10.0, 5.0, 3.0));
    exact(single, 2.0);
    exact(joint, 1.0);
}
