//! The defaults: what a model file may leave out, what is taken then, and why.
//!
//! A founder cannot be expected to know these figures. Each has an id that reports cite, and the
//! key that replaces it. `docs/assumptions.md` is written from this list.

/// One assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumption {
    /// Its id, such as `A-own-share`.
    pub id: &'static str,
    /// The key that replaces it.
    pub key: &'static str,
    /// What is assumed, as one sentence.
    pub statement: &'static str,
    /// The value taken, as a file would write it; where it depends on the snapshot, how it is found.
    pub value: &'static str,
    /// Where the value comes from, or why it is careful.
    pub reason: &'static str,
}

/// The assumption of an id.
///
/// # Panics
/// When there is none: ids are constants of this program.
#[must_use]
pub fn assumption(id: &str) -> &'static Assumption {
    CATALOGUE
        .iter()
        .find(|a| a.id == id)
        .unwrap_or_else(|| panic!("no assumption is called {id}"))
}

macro_rules! catalogue {
    ($($id:literal $key:literal $value:literal $statement:literal $reason:literal)*) => {
        /// All assumptions that a model file can rest on.
        pub const CATALOGUE: &[Assumption] = &[$(Assumption {
            id: $id, key: $key, value: $value, statement: $statement, reason: $reason,
        }),*];
    };
}

catalogue! {
    "A-allocate" "operators.allocate" "100 %"
        "The stake that the file names for a pooled or equal set is allocated in full."
        "Such a set is a thought experiment: its stake is the slashable stake. A set of real operators has no default, because what share of their stake they would allocate is the design."
    "A-own-share" "operators.own_share" "1 %"
        "An operator owns 1 % of the stake that is delegated to it; the rest belongs to stakers who have no say in an attack."
        "No source measures own stake on EigenLayer, and the protocol asks for none. Operators of pooled staking run almost wholly on the stake of others, so a small share is the careful side: own stake is what deters the operator itself."
    "A-operator-count" "operators.count" "from 1 to all that the rule names"
        "The recommendation may use any number of the operators that the rule names."
        "Nothing in the protocol fixes a number; the search says which it needs."
    "A-entities" "operators.entities" "one entity for each operator, unless the snapshot knows better"
        "Operators that no source groups are controlled by different entities."
        "Not careful: operators under common control make coalitions cheaper. Name a file that groups them as soon as you know."
    "A-operator-cost-own" "operators.costs.own" "6000 USD/year"
        "Running this service alone costs an operator 6000 USD a year."
        "Two to four cores for one service, at 62 USD a month for two cores and 4 GiB on demand (a price point of 2025), with the larger part for the people who keep it running. No operator publishes its cost."
    "A-operator-cost-shared" "operators.costs.shared" "60 kUSD/year"
        "What an operator spends whatever services it runs is 60000 USD a year."
        "About half a post of an engineer for keys, monitoring and upgrades; an order of magnitude, not a measurement."
    "A-operator-cost-services" "operators.costs.services" "10"
        "That cost is shared by ten services."
        "On 2024-12-03, 358 operators had 1579 registrations with 40 services: 4.4 on average, and far more for the large operators that hold most stake."
    "A-franchise-revenue" "operators.franchise.net_revenue" "0.1 %/year"
        "An operator earns 0.1 % a year, net, on all stake delegated to it."
        "Ten per cent (the protocol's default split) of rewards of about 1 to 2 % a year, less its costs."
    "A-franchise-discount" "operators.franchise.discount" "20 %/year"
        "The future revenue of an operator is discounted at 20 % a year."
        "A small business in a young market; a lower rate makes the franchise, and so the deterrence, larger."
    "A-franchise-exit" "operators.franchise.exit_hazard" "10 %/year"
        "One operator in ten would give up the business within a year anyway."
        "An order of magnitude; a lower hazard makes the franchise larger."
    "A-jumps" "market.jumps" "the jumps that the snapshot fitted to ETH"
        "The collateral jumps together: when ETH jumps, liquid staking tokens jump as far, and other assets by their beta."
        "Jumps that were independent would diversify away the very days that break a design."
    "A-jump-loading" "market.<asset>.jump_loading" "ETH and LST 1; others correlation times the ratio of volatilities"
        "How far an asset moves when ETH jumps is its regression coefficient on ETH."
        "The coefficient of daily returns, for want of a fit to the jump days alone."
    "A-market-statistics" "market.<asset>.volatility" "the snapshot's statistics of daily returns"
        "Volatility and correlation stay what they were in the longest history that the snapshot holds."
        "A long history contains the crashes that a recent one may lack. The variance of the jumps is taken out, since jumps come on top."
    "A-lst-peg" "market.LST.volatility" "that of ETH, and an independent peg of 0.44 % a day"
        "Liquid staking tokens move as ETH does, times a peg whose daily innovation is that of stETH before withdrawals opened."
        "The peg is let wander instead of reverting, and the worse of two regimes is taken: both overstate the loss of peg over months."
    "A-token-volatility" "market.TOKEN.volatility" "120 %/year"
        "A token without statistics in the snapshot has a volatility of 120 % a year and a correlation of 60 % with ETH."
        "Between ETH (about 80 %) and EIGEN (about 147 %), whose history is the only one of a restaking token."
    "A-drift" "market.<asset>.drift" "0 %/year"
        "Prices have no expected growth."
        "A design that is safe only if prices rise is not safe."
    "A-small-assets" "operators.assets" "left out"
        "Assets that hold less than a ten-thousandth of the set's stake are left out of the simulation."
        "Each costs a random number a day and moves nothing that could be measured; leaving stake out is the careful side."
    "A-unpriced" "operators.assets" "left out"
        "Assets without a price in the snapshot count for nothing."
        "Stake that cannot be valued cannot deter; leaving it out is the careful side."
    "A-reconstructed" "operators.from" "the largest-entropy solution"
        "The stake of single operators is reconstructed from the totals of services and their members."
        "It is the most even stake that reproduces every total; the true one is more concentrated, so coalitions may be smaller and cheaper than computed. A pulled snapshot has none of this."
    "A-token-price" "the quantity's own unit" "the snapshot's price"
        "Quantities in tokens are converted to USD at the snapshot's price, once."
        "The model is in USD; write USD where a sum does not follow the token's price."
    "A-value-growth" "value.at_risk.growth" "0 %/year"
        "The value at risk has no expected growth."
        "Within a horizon of a month, volatility decides; a plan to grow belongs into the file."
    "A-value-volatility" "value.at_risk.volatility" "80 %/year"
        "The value at risk has a volatility of 80 % a year."
        "Mostly crypto assets, so about that of ETH; deposits and withdrawals come on top, sums in stable coins bring it down."
    "A-value-correlation" "value.at_risk.correlation_with_eth" "0.5"
        "The value at risk has a correlation of 0.5 with the price of ETH; with other assets it follows from theirs with ETH."
        "Between sums that follow ETH (1) and stable coins (0). Low is careful: value that falls with the collateral needs less of it."
    "A-value-jumps" "value.at_risk.jump_loading" "0"
        "The value at risk does not fall when the collateral jumps."
        "The careful side: the loot stays while the collateral goes."
    "A-cap" "value.attack.cap" "at-risk"
        "No attack takes more than the value at risk at that moment."
        "One cannot steal what is not there. The tail of past exploits has no finite mean, so that an uncapped take would mean little."
    "A-standing" "value.attack.when" "standing"
        "An attack can be done on any day."
        "The careful side: operators choose their day."
    "A-per-event" "value.attack.extraction" "per_event"
        "One success takes everything at once."
        "The careful side: a rate limit that is built is a key to write."
    "A-attributable-onchain" "slashing.offence.attributable" "100 %"
        "A contract that recomputes a result, or checks a proof, attributes a wrong one to its signer without fail."
        "Signature and proof are both on chain."
    "A-attributable-quorum" "slashing.offence.attributable" "98 %"
        "A wrong result that a quorum signed is attributed to its signers in 98 of 100 cases."
        "Signatures name the signers; what is left is evidence that is lost or disputed."
    "A-attributable-intersubjective" "slashing.offence.attributable" "90 %"
        "When only people can tell, a wrong result is attributed in 90 of 100 cases."
        "No intersubjective slash has been seen yet; an order of magnitude."
    "A-attributable-liveness" "slashing.offence.attributable" "0 %"
        "Work that was not done cannot be attributed."
        "Under asynchrony nobody can tell silence from a slow network (Budish, Lewis-Pye and Roughgarden, 2024). Write a share when the service records on chain who did not sign."
    "A-slash-alike" "slashing.offence.slash_by_asset" "one fraction"
        "A slash takes the same fraction of every collateral."
        "The contract takes one fraction for each strategy (`wadsToSlash`, ELIP-002); nothing speaks for one that differs until the file says so."
    "A-executes" "slashing.offence.executes" "100 %"
        "Once decided, a slash is executed."
        "The protocol has no veto and slashes at once. Write less when the slasher is controlled by the same quorum that it judges."
    "A-burned" "slashing.offence.redistributed" "0 %"
        "Slashed stake is burned."
        "The protocol's default; redistribution needs a set that was created for it and no native ETH or EIGEN."
    "A-recaptured" "slashing.offence.recaptured" "0 %"
        "Nothing of what is slashed returns to the attacker."
        "Holds when the recipient of redistribution is neither operator nor attacker."
    "A-accidental" "slashing.offence.accidental" "0.017 %/year"
        "An honest operator is slashed by accident 1.7 times in ten thousand years."
        "The rate of Ethereum validators: 226 of 524060 by 2023-02-22, about 0.8 to 1.7 in ten thousand a year; nearly half of them in clusters. No slash is known on EigenLayer's mainnet."
    "A-operator-split" "rewards.operator_split" "10 %"
        "Operators keep 10 % of rewards."
        "The protocol's default split; each operator can set its own with seven days' notice (ELIP-002)."
    "A-protocol-fee" "rewards.protocol_fee" "0 %"
        "The service has not opted in to the protocol's fee."
        "Opting in is a call that the service makes; the fee is 20 % then."
    "A-supply-stake" "supply.curve" "the set's slashable stake, at 2 %/year, with elasticity 1.5"
        "The stakers of the chosen operators offer the allocated stake at a gross yield of 2 % a year, and 1.5 % more for each 1 % more of yield."
        "Programmatic incentives paid about 52 million EIGEN a year to some 15 billion USD of restaked ETH at the end of 2024, which is 1 to 2 % a year; that elasticity is of an order found for staking, and unmeasured for slashable stake."
    "A-risk-aversion" "supply.premium.risk_aversion" "1"
        "Stakers ask for a slashing premium as logarithmic utility does."
        "Restaked stake is part of a portfolio; a higher aversion makes a full slash prohibitive."
    "A-illiquidity" "supply.premium.illiquidity" "0 %/year"
        "The supply curve already contains what stakers ask for being locked for 14 days."
        "The yield that the curve is anchored at was paid for stake with the same delay."
    "A-alternative" "supply.premium.alternative" "0 %/year"
        "Stakers give up no other allocation."
        "Unique stake is exclusive, but most of it is unallocated today."
    "A-falls" "market.<asset>.falls" "0 %"
        "ETH, its staking tokens and assets that have nothing to do with the service do not fall when the service is corrupted."
        "One service is small beside them: its failure says nothing about ETH. Beacon-chain trouble is a jump of the market, which is simulated."
    "A-falls-eigen" "market.EIGEN.falls" "10 %"
        "EIGEN loses 10 % of its price on the news that a service was corrupted."
        "The failure of one service tells on the platform that it rests on; no such case is known, so this is an order of magnitude."
    "A-falls-own" "market.OWN.falls" "60 %"
        "The service's own token loses 60 % of its price on the news that the service was corrupted."
        "The token is worth what the service earns; a service that lied to its users earns little. An order of magnitude, not a measurement: write your own."
    "A-daily-volume" "market.<asset>.daily_volume" "ETH and BTC 5 bn USD/day, LST 100 MUSD/day, EIGEN 20 MUSD/day, others 1 MUSD/day"
        "So much of each collateral is traded in a day."
        "LST: the volume at which the square-root law gives the depth of the stETH pool on 2022-06-22, its worst known day (21 to 37 thousand stETH sold for 1 to 2 % below the price). EIGEN: the median day of one exchange from 2024-10 to 2025-11, 24 MUSD, rounded down. ETH, BTC and tokens: orders of magnitude, on the low side."
    "A-impact" "market.<asset>.impact" "1"
        "A trade as large as a day's volume moves the price by a day's volatility."
        "The square-root law holds for equities, futures, options and crypto assets with a coefficient of order one (Toth and others, 2011)."
    "A-loans" "market.<asset>.loans" "none"
        "No loans are liquidated when the collateral falls."
        "Loans against ETH and its staking tokens are large, but one service's failure does not move their price; for an own token write what lending markets hold of it."
    "A-own-token" "market.OWN" "price 1 USD, 150 %/year, correlation with ETH 0.6, falls 60 %"
        "Where the file describes no own token, the comparison of collateral takes one that moves like EIGEN."
        "EIGEN is the only token of a restaking service with a history: 147 % a year, and a correlation of 0.75 with ETH. A smaller token follows ETH less."
    "A-faults-clustered" "faults.clustered" "47 %"
        "Of an operator's accidental slashes, 47 % come from a cause that strikes several operators at once."
        "About 246 of 525 slashed Ethereum validators until 2025-09-11 were slashed in five events (75, 11, 20, about 100, 40)."
    "A-faults-reach" "faults.reach" "10 %"
        "A common cause reaches a tenth of the operators in the mean."
        "Clusters on Ethereum were within one operator each; across operators a cause is a client, a cloud or an upgrade that several share. No measurement exists for services; an order of magnitude."
    "A-faults-correlation" "faults.correlation" "0.2"
        "Whether one cause reaches two operators is correlated by 0.2: most causes reach few, some reach many."
        "With a tenth reached in the mean it makes one cause in a hundred reach more than six in ten; an order of magnitude."
    "A-leaving" "incident.leaving" "30 %"
        "Once an attack is known, the holders of 30 % of the remaining stake ask to leave; it stays slashable for 14 days."
        "An order of magnitude: what leaves no longer deters the next attack."
    "A-selling" "incident.selling" "5 %"
        "Once an attack is known, the holders of 5 % of the remaining stake sell as much of its liquid tokens at once."
        "Stake is queued for 14 days, but restaking tokens trade at once; an order of magnitude."
    "A-queued" "value.attack.queued" "not in the promise; C7 asks about 7 days"
        "No exit was queued before the attack, because the service does not count stake that is about to leave."
        "It reads the minimum slashable stake over a look-ahead (`getMinimumSlashableStake`), which leaves queued exits out. Where it counts the present allocation, write how long before the attack the exits can be queued: the promise then rests on what is left of the window."
    "A-evidence" "slashing.offence.evidence" "provable"
        "Somebody outside the quorum can tell a wrong vote from a right one."
        "Not careful: where slashes only follow the majority of the quorum, a bribe that is paid if the attack fails costs nothing (Buterin, 2015), and the cost of corruption by bribe is zero. Write \"majority\" then."
    "A-bribed" "operators.bribed" "50 %"
        "Each other entity takes the bribe with probability one half."
        "Only the loss that comes with success is weighed by the chance of being decisive; that chance is largest, and the bribe dearest, near the threshold."
    "A-own-return" "operators.own_stake_return" "5 %/year"
        "An operator asks 5 % a year on stake of its own, before the risk of accidents."
        "About the rate at which ETH and stable coins are lent: whoever owns the tokens gives that up, whoever does not pays it. What the stake earns at the service is taken off; what ETH earns anyway is not, which is the careful side."
    "A-acquirer-financing" "operators.acquirer.financing" "5 %/year"
        "The money that buys the stake costs 5 % a year."
        "About the rate at which ETH and stable coins are lent; a low rate makes the purchase cheaper, which is the careful side."
    "A-acquirer-delay" "operators.acquirer.allocation_delay" "0 days"
        "Bought stake is allocated at once."
        "An operator that registers anew chooses its allocation delay, and may choose none (ELIP-013)."
    "A-short-borrow" "value.attack.short.borrow" "5 %/year"
        "Selling the token short costs 5 % a year."
        "Cheap borrowing is the careful side; small tokens cost several times that."
    "A-short-days" "value.attack.short.days" "7 days"
        "The short position is held for a week."
        "Long enough to build it without notice, short enough to be cheap."
    "A-short-fee" "value.attack.short.fee" "0.1 %"
        "Opening and closing the short position costs 0.1 % of it."
        "Twice the taker fee of large exchanges."
    "A-short-volatility" "value.attack.short.volatility" "120 %/year"
        "The token that is sold short has a volatility of 120 % a year."
        "That of a token without statistics, as for collateral."
    "A-elsewhere-loses" "value.elsewhere.loses" "0 USD"
        "The coalition loses nothing at the other service beside its business."
        "The careful side: write the stake that the other service would slash."
    "A-elsewhere-operators" "value.elsewhere.operators" "all"
        "All operators of this service have stake at the other one."
        "The careful side: the more of them are there, the more of them can be corrupted for both."
    "A-elsewhere-others" "value.elsewhere.others" "0 USD"
        "Nobody else has stake at the other service."
        "The careful side: an attacker then needs a part of known stake alone."
    "A-elsewhere-shared" "value.elsewhere.shared" "0 %"
        "Stake at the other service is not the stake that is here."
        "Allocations are unique: what is slashable by one set is slashable by no other (ELIP-002). Stake that other protocols can slash too is shared."
    "A-governance" "supply.premium.governance" "0 %/year"
        "Stakers ask nothing for the risk that the service changes its rules."
        "The supply curve is anchored at yields that were paid with the same risk."
    "A-gas" "supply.premium.gas" "0 %/year"
        "Transactions cost stakers nothing that counts."
        "A claim costs cents to dollars; it counts for small stakers only."
    "A-theft" "supply.premium.theft" "0 %/year"
        "Whoever can slash never steals by slashing."
        "Not careful where slashes are redistributed: ELIP-016 names the risk for operators without allocation delay. There is no record to take a rate from."
    "A-insurance-tolerance" "insurance.tolerance" "1 %"
        "The collateral may fall by more than the haircut before a payout in one case of a hundred."
        "As a promise of one per cent; it is the share of insured moments at which the cover is not whole."
    "A-insurance-loading" "insurance.loading" "30 %"
        "Cover is sold at 30 % above its expected payout."
        "An order of magnitude of premiums on rare losses; a service that subsidises its cover writes less."
    "A-confidence" "target.confidence" "95 %"
        "The promise is stated with 95 % confidence."
        "The usual level; it covers the error of the simulation, not of the model."
    "A-deterrence" "target.deterrence" "whole-stake"
        "The promise rests on the whole slashable stake of the cheapest coalition."
        "The classical cost of corruption. What operators themselves lose is shown beside it, and is often a tenth."
    "A-certain" "uncertainty" "nothing is uncertain"
        "The numbers of the file are taken as known; only what chance does with them is simulated."
        "Spreads that nobody estimated would be made up. Write those that you know, and a panel of models for what has no spread."
    "A-entity-cap" "operators.entity_cap" "no cap"
        "An entity may hold any share of the set's stake."
        "The contracts have no cap; one is a rule of admission that the service must enforce."
    "A-days" "simulation.days" "365 days"
        "One year is simulated, or the horizon when that is longer."
        "Margins over a year show what the promise leaves out."
    "A-monitoring" "simulation.monitoring" "daily"
        "Security is looked at once a day."
        "The statistics are of daily closes. Continuous monitoring sees more crossings."
    "A-stage-carries" "stage.carries" "the value at risk that one path in twenty exceeds on the stage's last day"
        "A stage that a day ends is built for the value at risk that is exceeded on that day with a probability of 5 %."
        "The same care as that of the promise's confidence. A stage that ends when the value at risk reaches a sum is built for that sum."
    "A-stage-margin" "stage.until" "one path in twenty grows further while the change is under way"
        "The change to the next stage begins so early that the value at risk outgrows the present one before it is in force with a probability of 5 % at most."
        "What the protocol delays must be called before it is needed; growth and volatility of the value at risk say how much before."
    "A-stage-discount" "stage.discount" "0 %"
        "Stakers who are paid in the service's own token count it at its market price."
        "Not careful: rewards that are sold as they come press the price. Write what the market takes off."
    "A-policy-lasts" "policy.lasts" "2 years"
        "Policies are compared over two years."
        "Long enough for growth to pass several stages, short enough that the model's growth means something."
    "A-policy-epoch" "policy.epoch" "7 days"
        "A feedback controller looks once a week."
        "Rewards are usually submitted by the week."
    "A-policy-band" "policy.lower" "the first stage's safety factor, and a third of the way from there to 1"
        "A feedback controller holds the safety factor (C - P)/C between that of the first stage's design and a value a third of the way to 1."
        "The controller of the Anzen protocol has such a band and each service sets its own; this one begins where the certified design does."
    "A-policy-increase" "policy.increase" "20 %"
        "Below the band the controller raises the budget by a fifth each epoch."
        "No service has published its setting; a doubling takes four weeks then."
    "A-policy-reduction" "policy.reduction" "10 %"
        "Above the band the controller lowers the budget by a tenth each epoch."
        "Slower than the raise: too little stake costs more than too much."
    "A-policy-profit" "policy.profit" "99 %"
        "The profit that a controller's oracle reports covers 99 of 100 takes, up to the value at risk."
        "An oracle of profit has to name one number; a mean would leave half of the large takes above it."
    "A-policy-entry" "policy.entry" "17.5 days"
        "Stake that a higher budget attracts can be slashed 17.5 days later."
        "An operator that has to set its allocation delay first waits 126000 blocks for it (ALLOCATION_CONFIGURATION_DELAY); one that has set it may be faster."
    "A-policy-adjusts" "policy.adjusts" "30 days"
        "Stakers close the gap between the stake that a budget attracts and the stake that is there with a mean of 30 days."
        "Unmeasured for slashable stake; an order of magnitude from how deposits followed points programmes."
    "A-method" "simulation.method" "automatic"
        "Plain paths judge a promise that they can show; below about one in twenty-five thousand, importance sampling does."
        "Counting needs no assumption about where failures lie, so it comes first. A tilt that misses a way to fail would understate the risk: a tenth of the paths keep the true law, and plain paths are counted beside as a check."
    "A-reward-decimals" "deployment.rewards.decimals" "18"
        "One reward token is 10^18 of its smallest unit."
        "Most tokens have 18 decimals; USDC and USDT have 6, WBTC has 8. `verify` holds it against the token's own contract before anything is sent."
    "A-rewards-window" "deployment.rewards.window" "28 days"
        "One rewards submission pays for 28 days."
        "The money leaves at once and cannot be taken back, so a window is short enough to learn from and long enough not to be a chore; the protocol allows 730 days."
}

/// The document that lists all assumptions.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(
        "# Assumptions\n\n\
         What a model file leaves out is taken from this list, and every report names the ids that it \
         rests on. These are assumptions, not measurements: each can be replaced by a key of the model \
         file. `check` lists those that a file uses.\n\n\
         This page is written from `src/spec/assumptions.rs`; a test holds the two together.\n",
    );
    for assumption in CATALOGUE {
        text.push_str(&format!(
            "\n## {}\n\n{}\n\n- **Value**: {}\n- **Why**: {}\n- **Replace it**: `{}`\n",
            assumption.id,
            assumption.statement,
            assumption.value,
            assumption.reason,
            assumption.key,
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_part_is_written() {
        for (i, a) in CATALOGUE.iter().enumerate() {
            assert!(a.id.starts_with("A-"), "{}", a.id);
            assert!(
                CATALOGUE[..i].iter().all(|b| b.id != a.id),
                "{} twice",
                a.id
            );
            for part in [a.statement, a.reason] {
                assert!(part.ends_with('.') && part.len() > 20, "{}: {part}", a.id);
            }
            assert!(!a.value.is_empty() && !a.key.is_empty());
        }
    }
}
