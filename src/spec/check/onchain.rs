//! What only contracts ask for, held against the limits of the network it goes to.

use super::context::{Check, settled};
use super::holdings::Class;
use crate::protocol::{self, ProtocolConstants};
use crate::snapshot::Address;
use crate::spec::draft::onchain as draft;
use crate::spec::draft::{self as document};
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::At;
use crate::spec::model::{
    Aggregator, Appointee, FixedQuorum, Network, OnChain, REWARD_DECIMALS, REWARDS_WINDOW,
    RewardsBy, RewardsCall, Roles, StakeTable, Tasks, WeighedStrategy,
};
use crate::units::{Days, Share};
use std::ops::Range;

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Tokens whose decimals everybody knows, with them.
const DECIMALS: [(&str, u8); 5] = [
    ("USDC", 6),
    ("USDT", 6),
    ("DAI", 18),
    ("WETH", 18),
    ("ETH", 18),
];

/// The limits that a network's contracts were built with.
fn limits(network: Network) -> ProtocolConstants {
    match network {
        Network::Mainnet => protocol::Network::Mainnet,
        Network::Sepolia => protocol::Network::Sepolia,
        Network::Hoodi => protocol::Network::Hoodi,
    }
    .constants()
}

impl Check<'_> {
    pub fn onchain(&mut self, given: &document::Deployment) -> Option<OnChain> {
        let network = given.network.as_ref().map(|n| *n.get()).unwrap_or_default();
        let admin = self.address(given.admin.as_ref(), "deployment.admin");
        let strategies = self.strategies(&given.strategy);
        let quorum = given.quorum.as_ref().map(|q| self.quorum(q, network));
        let stake_table = given
            .stake_table
            .as_ref()
            .map(|table| self.stake_table(table, network));
        let tasks = given.tasks.as_ref().map(|tasks| self.tasks(tasks, network));
        let aggregator = given.aggregator.as_ref().map(|a| self.aggregator(a));
        let appointees: Vec<_> = given
            .appointee
            .iter()
            .enumerate()
            .map(|(n, one)| self.appointee(n, one.get()))
            .collect();
        let rewards = self.rewards_call(given);
        let roles = match &given.roles {
            None => Some(Roles::default()),
            Some(roles) => self.roles(roles),
        };
        Some(OnChain {
            admin: admin?,
            strategies: strategies?,
            quorum: settled(quorum)?.unwrap_or_default(),
            stake_table: settled(stake_table)?,
            tasks: settled(tasks)?,
            aggregator: settled(aggregator)?,
            appointees: appointees.into_iter().collect::<Option<_>>()?,
            rewards: rewards?,
            roles: roles?,
        })
    }

    fn strategies(&mut self, given: &[At<draft::Strategy>]) -> Option<Vec<WeighedStrategy>> {
        let mut read: Vec<WeighedStrategy> = Vec::new();
        let mut whole = true;
        for (n, one) in given.iter().enumerate() {
            let key = |name: &str| format!("deployment.strategy[{n}].{name}");
            let one = one.get();
            let strategy = self.must_address(one.strategy.get(), &key("strategy"));
            let multiplier = one
                .weight
                .get()
                .and_then(|weight| self.exact_ether(weight, &key("weight")));
            let (Some(strategy), Some(multiplier)) = (strategy, multiplier) else {
                whole = false;
                continue;
            };
            if let Some(again) = one
                .strategy
                .get()
                .filter(|_| read.iter().any(|known| known.strategy == strategy))
            {
                self.report(
                    ErrorKind::Duplicate,
                    again.span(),
                    &key("strategy"),
                    format!("{strategy} stands in the set twice"),
                )
                .help("name every strategy once: the chain answers StrategyAlreadyInOperatorSet");
                whole = false;
            }
            if let Some(at) = one.strategy.get() {
                whole &= self.redistributable(strategy, at, &key("strategy"));
            }
            let symbol = one
                .symbol
                .as_ref()
                .map_or_else(|| strategy.to_string(), |symbol| symbol.get().clone());
            read.push(WeighedStrategy {
                strategy,
                symbol,
                multiplier,
            });
        }
        whole.then_some(read)
    }

    /// Whether a set that passes slashed stake on may hold a strategy.
    fn redistributable(&mut self, strategy: Address, at: &At<String>, key: &str) -> bool {
        let deployment = self.draft.document.deployment.as_ref();
        let passes_on = deployment.is_some_and(|d| d.redistribution_recipient.is_some());
        let eigen = protocol::Network::ALL
            .iter()
            .any(|network| Address(network.contracts().eigen_strategy) == strategy);
        if !passes_on || (strategy != Address::BEACON_ETH && !eigen) {
            return true;
        }
        let what = if eigen { "EIGEN" } else { "native ETH" };
        self.report(
            ErrorKind::Protocol,
            at.span(),
            key,
            format!("the protocol does not redistribute {what}"),
        )
        .help("leave the strategy out, or leave redistribution_recipient out and burn; the chain answers InvalidStrategy");
        false
    }

    fn quorum(&mut self, given: &draft::Quorum, network: Network) -> Option<FixedQuorum> {
        let minimum = given
            .minimum_stake
            .as_ref()
            .map(|text| self.exact_ether(text, "deployment.quorum.minimum_stake"));
        let newcomer = given
            .newcomer_above
            .as_ref()
            .map(|share| self.quantity(share, "deployment.quorum.newcomer_above"));
        let replaceable = given
            .replaceable_below
            .as_ref()
            .map(|share| self.quantity(share, "deployment.quorum.replaceable_below"));
        let signs = given
            .signs
            .as_ref()
            .map(|share| self.quantity(share, "deployment.quorum.signs"));
        let look_ahead = given.look_ahead.as_ref().map(|span| {
            let key = "deployment.quorum.look_ahead";
            let days = self.quantity(span, key)?;
            // On test networks windows are scaled with the delay, so mainnet's is the limit everywhere.
            let longest = f64::from(limits(Network::Mainnet).deallocation_delay.0) / 7_200.0;
            if days <= longest {
                return Some(days);
            }
            let scaled = match network {
                Network::Mainnet => String::new(),
                _ => ", which the export scales to the test network's".to_owned(),
            };
            self.report(
                ErrorKind::Protocol,
                span.0.span(),
                key,
                format!("stake can be counted on for {longest} days ahead and no longer"),
            )
            .help(format!(
                "the nearest that can be expressed is \"{longest} days\": the protocol's DEALLOCATION_DELAY{scaled}"
            ));
            None
        });
        Some(FixedQuorum {
            counts: given.counts.as_ref().map(|c| *c.get()).unwrap_or_default(),
            minimum_stake: settled(minimum)?,
            max_operators: given.max_operators.as_ref().map(|count| *count.get()),
            newcomer_above: settled(newcomer)?.map(Share),
            replaceable_below: settled(replaceable)?.map(Share),
            signs: settled(signs)?.map(Share),
            look_ahead: settled(look_ahead)?.map(Days),
        })
    }

    fn stake_table(&mut self, given: &draft::StakeTable, network: Network) -> Option<StakeTable> {
        let key = |name: &str| format!("deployment.stake_table.{name}");
        let calculator = self.must_address(given.calculator.get(), &key("calculator"));
        let owner = self.must_address(given.owner.get(), &key("owner"));
        let staleness = given.max_staleness.get().and_then(|span| {
            let days = self.quantity(span, &key("max_staleness"))?;
            let cadence = limits(network).table_update_cadence.0;
            if days == 0.0 || days * DAY >= f64::from(cadence) {
                return Some(days);
            }
            self.report(
                ErrorKind::Protocol,
                span.0.span(),
                &key("max_staleness"),
                format!("certificates would go stale before stake tables are renewed, every {cadence} s on {}", name(network)),
            )
            .help(format!("write at least \"{cadence} s\" and the time of a task on top, or \"0 s\" for never; the chain answers InvalidStalenessPeriod"));
            None
        });
        Some(StakeTable {
            calculator: calculator?,
            owner: owner?,
            max_staleness: Days(staleness?),
        })
    }

    fn tasks(&mut self, given: &draft::Tasks, network: Network) -> Option<Tasks> {
        let key = |name: &str| format!("deployment.tasks.{name}");
        let hook = self.must_address(given.hook.get(), &key("hook"));
        let time = given.time.get().and_then(|span| {
            let days = self.quantity(span, &key("time"))?;
            let longest = limits(network).max_task_sla.0;
            if days * DAY <= f64::from(longest) {
                return Some(days);
            }
            let help = if longest < 60 {
                format!("the mailbox of {} is unusable for tasks: use sepolia (300 s) or mainnet (604800 s)", name(network))
            } else {
                format!("write at most \"{longest} s\"; the chain answers TaskSLAExceedsMaximum")
            };
            self.report(
                ErrorKind::Protocol,
                span.0.span(),
                &key("time"),
                format!("a task may take {longest} s on {} and no longer", name(network)),
            )
            .help(help);
            None
        });
        let fee_token = self.address(given.fee_token.as_ref(), &key("fee_token"));
        let fee_collector = self.address(given.fee_collector.as_ref(), &key("fee_collector"));
        let signs = given
            .signs
            .as_ref()
            .map(|share| self.quantity(share, &key("signs")));
        Some(Tasks {
            hook: hook?,
            time: Days(time?),
            fee_token: fee_token?,
            fee_collector: fee_collector?,
            signs: settled(signs)?.map(Share),
        })
    }

    fn aggregator(&mut self, given: &draft::Aggregator) -> Option<Aggregator> {
        let slasher = self.address(given.slasher.as_ref(), "deployment.aggregator.slasher");
        Some(Aggregator {
            operator_set_id: *given.operator_set_id.get()?.get(),
            slasher: slasher?,
            signing: *given.signing.get()?.get(),
        })
    }

    fn appointee(&mut self, n: usize, given: &draft::Appointee) -> Option<Appointee> {
        let key = |name: &str| format!("deployment.appointee[{n}].{name}");
        let account = self.must_address(given.account.get(), &key("account"));
        let target = self.must_address(given.target.get(), &key("target"));
        let function = given.function.get().and_then(|text| {
            let signature = text.get().trim();
            let plausible = signature.ends_with(')')
                && signature.split_once('(').is_some_and(|(name, _)| !name.is_empty())
                && !signature.contains(char::is_whitespace);
            if plausible {
                return Some(signature.to_owned());
            }
            self.report(
                ErrorKind::Domain,
                text.span(),
                &key("function"),
                format!("`{signature}` is no signature of a function"),
            )
            .help("write its name and the types of its arguments without spaces: \"updateAVSMetadataURI(address,string)\"");
            None
        });
        Some(Appointee {
            account: account?,
            target: target?,
            function: function?,
        })
    }

    fn rewards_call(&mut self, given: &document::Deployment) -> Option<RewardsCall> {
        let call = given.rewards.as_ref();
        let pays = given.reward_token.is_some();
        let by = call
            .and_then(|c| c.by.as_ref())
            .map(|by| *by.get())
            .unwrap_or_default();
        let window = match call.and_then(|c| c.window.as_ref()) {
            Some(span) => self.window(span),
            None => {
                if pays {
                    self.assume("A-rewards-window", "deployment.rewards.window", "28 days");
                }
                Some(REWARDS_WINDOW.get())
            }
        };
        let decimals = match call.and_then(|c| c.decimals.as_ref()) {
            Some(given) => u8::try_from(*given.get()).ok(),
            None => Some(self.decimals(pays)),
        };
        let operators: Vec<_> = call
            .map(|c| c.operator.as_slice())
            .unwrap_or_default()
            .iter()
            .enumerate()
            .map(|(n, one)| self.paid_operator(n, one.get()))
            .collect();
        let operators: Vec<(Address, Share)> = operators.into_iter().collect::<Option<_>>()?;
        self.named_operators(by, &operators, call)?;
        Some(RewardsCall {
            by,
            window: Days(window?),
            decimals: decimals?,
            operators,
        })
    }

    /// Whole days, as the coordinator counts them.
    fn window(
        &mut self,
        span: &crate::spec::leaf::Quantity<crate::spec::leaf::PositiveSpan>,
    ) -> Option<f64> {
        let key = "deployment.rewards.window";
        let days = self.quantity(span, key)?;
        let longest = f64::from(limits(Network::Mainnet).max_rewards_duration.0) / DAY;
        if days.fract() == 0.0 && days <= longest {
            return Some(days);
        }
        self.report(
            ErrorKind::Protocol,
            span.0.span(),
            key,
            format!("a rewards submission pays for whole days, at most {longest}"),
        )
        .help("write a number of whole days: \"28 days\"");
        None
    }

    fn decimals(&mut self, pays: bool) -> u8 {
        let paid_in = self
            .draft
            .document
            .rewards
            .get()
            .and_then(|rewards| rewards.paid_in.get())
            .map(|symbol| symbol.get().trim().to_owned())
            .unwrap_or_default();
        let known = DECIMALS
            .iter()
            .find(|(symbol, _)| *symbol == paid_in)
            .map(|(_, decimals)| *decimals)
            .or_else(|| {
                let same = |asset: &&crate::snapshot::Asset| asset.symbol == paid_in;
                self.snapshot
                    .assets
                    .iter()
                    .find(same)
                    .map(|asset| asset.decimals)
            });
        known.unwrap_or_else(|| {
            if pays {
                self.assume("A-reward-decimals", "deployment.rewards.decimals", "18");
            }
            REWARD_DECIMALS
        })
    }

    fn paid_operator(&mut self, n: usize, given: &draft::PaidOperator) -> Option<(Address, Share)> {
        let key = |name: &str| format!("deployment.rewards.operator[{n}].{name}");
        let operator = self.must_address(given.operator.get(), &key("operator"));
        let share = given
            .share
            .get()
            .and_then(|share| self.quantity(share, &key("share")));
        Some((operator?, Share(share?)))
    }

    /// Named operators and the kind of rewards that names them go together, and share the whole.
    fn named_operators(
        &mut self,
        by: RewardsBy,
        operators: &[(Address, Share)],
        call: Option<&draft::RewardsCall>,
    ) -> Option<()> {
        let Some(given) = call else { return Some(()) };
        let at = given.by.as_ref().map(At::span);
        let span: Range<usize> = at
            .or_else(|| given.operator.first().map(At::span))
            .unwrap_or(0..0);
        let named = by == RewardsBy::OperatorDirected;
        let sum: f64 = operators
            .iter()
            .map(|(_, share)| share.get())
            .fold(0.0, |sum, share| sum + share);
        let (message, help) = if named && operators.is_empty() {
            (
                "rewards for named operators name none".to_owned(),
                "add [[deployment.rewards.operator]] with operator and share",
            )
        } else if !named && !operators.is_empty() {
            (
                "operators are named, and the rewards are shared out by stake".to_owned(),
                "write by = \"operator-directed\", or leave the operators out",
            )
        } else if sum > 1.0 + 1e-9 {
            (
                format!(
                    "the operators' shares add up to {:.4} of the window's rewards",
                    sum
                ),
                "shares add up to at most 100 %",
            )
        } else {
            return Some(());
        };
        self.report(
            ErrorKind::Contradiction,
            span,
            "deployment.rewards",
            message,
        )
        .help(help);
        None
    }

    fn roles(&mut self, given: &draft::Roles) -> Option<Roles> {
        let mut role = |account: Option<&At<String>>, name: &str| {
            self.address(account, &format!("deployment.roles.{name}"))
        };
        let owner = role(given.owner.as_ref(), "owner");
        let upgrader = role(given.upgrader.as_ref(), "upgrader");
        let churner = role(given.churner.as_ref(), "churner");
        let ejector = role(given.ejector.as_ref(), "ejector");
        let confirmer = role(given.confirmer.as_ref(), "confirmer");
        let deployer = role(given.deployer.as_ref(), "deployer");
        let veto_committee = role(given.veto_committee.as_ref(), "veto_committee");
        Some(Roles {
            owner: owner?,
            upgrader: upgrader?,
            churner: churner?,
            ejector: ejector?,
            confirmer: confirmer?,
            deployer: deployer?,
            veto_committee: veto_committee?,
        })
    }

    fn must_address(&mut self, given: Option<&At<String>>, key: &str) -> Option<Address> {
        self.address(Some(given?), key)?
    }

    /// An amount of ether with at most 18 decimals, exactly: the float nearest to it would be another integer.
    fn exact_ether(&mut self, given: &At<String>, key: &str) -> Option<u128> {
        let wei = given
            .get()
            .trim()
            .strip_suffix("ETH")
            .and_then(|number| exact_wei(number.trim()));
        if wei.is_none() {
            self.report(
                ErrorKind::Number,
                given.span(),
                key,
                format!(
                    "`{}` is no amount of ETH with at most 18 decimals",
                    given.get()
                ),
            )
            .help("write it in full, as in \"1.030077629425962827 ETH\" or \"320 ETH\"");
        }
        wei
    }

    /// A recipient of slashed stake, against what the set holds: the protocol passes on neither native ETH nor EIGEN.
    pub fn forbid_recipient(&mut self, held: Option<&[Class]>) {
        let deployment = self.draft.document.deployment.as_ref();
        let Some(recipient) =
            deployment.and_then(|deployment| deployment.redistribution_recipient.as_ref())
        else {
            return;
        };
        let key = "deployment.redistribution_recipient";
        let burn = Address(protocol::DEFAULT_BURN_ADDRESS);
        if recipient.get().trim().parse::<Address>() == Ok(burn) {
            self.report(
                ErrorKind::Protocol,
                recipient.span(),
                key,
                "the burn address receives nothing by redistribution",
            )
            .help("leave the key out: a set without a recipient burns; the chain answers InvalidRedistributionRecipient");
        }
        // A list of strategies says itself what the set holds, and is checked as one.
        let listed = deployment.is_some_and(|deployment| !deployment.strategy.is_empty());
        let forbidden: Vec<&str> = held
            .unwrap_or_default()
            .iter()
            .filter(|class| !listed && matches!(class, Class::Eth | Class::Eigen))
            .map(|class| class.name())
            .collect();
        if !forbidden.is_empty() {
            self.report(
                ErrorKind::Protocol,
                recipient.span(),
                key,
                format!("the protocol does not redistribute {}", forbidden.join(" and ")),
            )
            .help("a redistributing operator set takes no native ETH and no EIGEN (ELIP-006): leave them out with `operators.assets`, such as [\"LST\"], or leave the key out and burn");
        }
    }
}

const fn name(network: Network) -> &'static str {
    match network {
        Network::Mainnet => "mainnet",
        Network::Sepolia => "sepolia",
        Network::Hoodi => "hoodi",
    }
}

/// A decimal number times 10^18, exactly; `None` when it is none, or has more than 18 decimals.
fn exact_wei(number: &str) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let written = !whole.is_empty() && (fraction.is_empty() != number.contains('.'));
    if !written || fraction.len() > 18 || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<18}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::exact_wei;

    #[test]
    fn ether_is_read_to_the_wei() {
        assert_eq!(
            exact_wei("1.030077629425962827"),
            Some(1_030_077_629_425_962_827)
        );
        assert_eq!(exact_wei("320"), Some(320_000_000_000_000_000_000));
        assert_eq!(exact_wei("0.000000000000000001"), Some(1));
        for bad in [
            "",
            ".5",
            "1.",
            "1e3",
            "-1",
            "1.0000000000000000001",
            "1 000",
            "999999999999999999999999",
        ] {
            assert_eq!(exact_wei(bad), None, "{bad}");
        }
    }
}
