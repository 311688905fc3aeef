//! Checks of names, roles and slashers.

use crate::export::address::{Address, literal};
use crate::export::design::{DEPLOYMENT_FORMAT, Deployment};
use crate::export::lint::finding::LintFinding;
use crate::export::network::Network;

/// The accounts of the mnemonic that anvil and hardhat start with: their private keys are in every manual.
const PUBLIC_KEYS: [Address; 10] = [
    literal("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    literal("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    literal("3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    literal("90F79bf6EB2c4f870365E785982E1f101E93b906"),
    literal("15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    literal("9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
    literal("976EA74026E726554dB657fA54763abd0C3a0aa9"),
    literal("14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
    literal("23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
    literal("a0Ee7A142d267C1f36714E4a8F75612F20a79720"),
];

/// Says it when a role on a public network belongs to an account that anybody can sign for.
pub(in crate::export::lint) fn public_key(
    account: Address,
    network: &Network,
    place: &str,
    findings: &mut Vec<LintFinding>,
) {
    if PUBLIC_KEYS.contains(&account) && Network::with_chain_id(network.chain_id).is_some() {
        findings.push(LintFinding::new(
            "public-test-key",
            place,
            format!("{account} is a test account of anvil and hardhat: anybody can sign for it"),
            "put your own account here before anything is sent",
        ));
    }
}

fn public_keys(deployment: &Deployment, findings: &mut Vec<LintFinding>) {
    let roles = &deployment.roles;
    let named = [
        ("avs", deployment.avs),
        ("admin", deployment.admin),
        ("roles/owner", roles.owner),
        ("roles/upgrader", roles.upgrader),
        ("roles/churner", roles.churner),
        ("roles/ejector", roles.ejector),
        ("roles/confirmer", roles.confirmer),
        ("roles/deployer", roles.deployer),
        ("roles/veto_committee", roles.veto_committee),
    ];
    let network = &deployment.network;
    for (place, account) in named {
        if let Some(account) = account {
            public_key(account, network, place, findings);
        }
    }
    for (index, set) in deployment.operator_sets.iter().enumerate() {
        let place = |key: &str| format!("operator_sets/{index}/{key}");
        public_key(set.slasher, network, &place("slasher"), findings);
        if let Some(recipient) = set.redistribution_recipient {
            public_key(
                recipient,
                network,
                &place("redistribution_recipient"),
                findings,
            );
        }
        if let Some(table) = &set.stake_table {
            public_key(table.owner, network, &place("stake_table/owner"), findings);
        }
    }
}

pub(super) fn check(deployment: &Deployment, findings: &mut Vec<LintFinding>) {
    if deployment.format != DEPLOYMENT_FORMAT {
        findings.push(LintFinding::new(
            "file-shape",
            "format",
            format!("the format is {}", deployment.format),
            format!("this program reads and writes format {DEPLOYMENT_FORMAT}"),
        ));
    }
    if deployment.operator_sets.is_empty() {
        let right = "add at least one set: stake is slashable only inside one";
        findings.push(LintFinding::new(
            "file-shape",
            "operator_sets",
            "there is no operator set",
            right,
        ));
    }
    metadata(deployment, findings);
    insiders(deployment, findings);
    public_keys(deployment, findings);
    if deployment
        .admin
        .is_some_and(|admin| Some(admin) != deployment.avs)
    {
        findings.push(LintFinding::new(
            "admin-takes-over",
            "admin",
            "calls are sent by an admin that is not the AVS",
            "make sure the admin has accepted; the AVS itself then has no rights any more unless it is an admin too",
        ));
    }
}

/// A metadata address that nobody can read, as far as its text tells.
pub(in crate::export::lint) fn metadata_problem(uri: &str) -> Option<&'static str> {
    let readable = ["https://", "ipfs://"]
        .iter()
        .any(|scheme| uri.starts_with(scheme));
    (!readable).then_some("write an address that starts with https:// or ipfs://")
}

/// A set without strategies has no stake, and the chain takes it.
pub(in crate::export::lint) fn some_strategies(
    count: usize,
    place: &str,
    findings: &mut Vec<LintFinding>,
) {
    if count == 0 {
        findings.push(LintFinding::new(
            "set-has-strategies",
            place,
            "the set has no strategies, so no stake",
            "name the strategies whose stake is to count",
        ));
    }
}

fn metadata(deployment: &Deployment, findings: &mut Vec<LintFinding>) {
    if let Some(right) = metadata_problem(&deployment.metadata_uri) {
        let wrong = match deployment.metadata_uri.as_str() {
            "" => "there is no metadata address, so dashboards show nothing".to_owned(),
            uri => format!("`{uri}` is no address that dashboards can read"),
        };
        findings.push(LintFinding::new(
            "metadata-uri",
            "metadata_uri",
            wrong,
            right,
        ));
    }
}

fn insiders(deployment: &Deployment, findings: &mut Vec<LintFinding>) {
    let insiders: Vec<Address> = deployment.avs.into_iter().chain(deployment.admin).collect();
    for (index, set) in deployment.operator_sets.iter().enumerate() {
        let place = format!("operator_sets/{index}");
        let waits = set
            .slash_rules
            .iter()
            .any(|rule| rule.dispute.0 > 0 || rule.veto.0 > 0);
        if waits && insiders.contains(&set.slasher) {
            findings.push(LintFinding::new(
                "slasher-is-contract",
                format!("{place}/slasher"),
                "the slasher is the AVS or its admin, who can slash without waiting for dispute or veto",
                "name a slasher contract that keeps the window, such as a VetoableSlasher",
            ));
        }
        let insider = set
            .redistribution_recipient
            .filter(|to| insiders.contains(to) || *to == set.slasher);
        if let Some(recipient) = insider {
            findings.push(LintFinding::new(
                "redistribution-to-insider",
                format!("{place}/redistribution_recipient"),
                format!("{recipient} slashes or decides, and earns by slashing"),
                "pay those who were harmed: a contract that divides it among them",
            ));
        }
        let place = format!("{place}/strategies");
        some_strategies(set.strategies.len(), &place, findings);
    }
}
