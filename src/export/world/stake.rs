//! Deposits, delegation and withdrawals.

use super::{Knowledge, Reason, Revert, Trial, World};
use crate::export::action::Call;
use crate::export::address::Address;
use crate::export::arguments::{
    ClearSlashedShares, CompleteWithdrawal, Deposit, QueueWithdrawals, Undelegate,
};

/// Virtual shares and tokens of every strategy (`SHARES_OFFSET`, `BALANCE_OFFSET`).
const OFFSET: u128 = 1_000;

impl World {
    /// Shares that a deposit mints.
    fn minted(&self, strategy: Address, amount: u128) -> Option<u128> {
        let state = self.strategies.get(&strategy).copied().unwrap_or_default();
        // The strategy has the new tokens already when it counts.
        let product = amount.checked_mul(state.shares.checked_add(OFFSET)?)?;
        Some(product / state.balance.checked_add(OFFSET)?)
    }

    pub(super) fn deposit(&mut self, staker: Address, a: &Deposit) {
        let minted = self.minted(a.strategy, a.amount.0).unwrap_or(0);
        let state = self.strategies.entry(a.strategy).or_default();
        state.shares = state.shares.saturating_add(minted);
        state.balance = state.balance.saturating_add(a.amount.0);
        let deposited = self.deposits.entry((staker, a.strategy)).or_default();
        *deposited = deposited.saturating_add(minted);
    }

    pub(super) fn queue_withdrawals(&mut self, staker: Address, a: &QueueWithdrawals) {
        for param in &a.params {
            for (strategy, shares) in param.strategies.iter().zip(&param.deposit_shares) {
                if let Some(deposited) = self.deposits.get_mut(&(staker, *strategy)) {
                    *deposited = deposited.saturating_sub(shares.0);
                }
            }
        }
    }
}

impl Trial<'_> {
    pub(super) fn deposit(&mut self, call: &Call, a: &Deposit) -> Result<(), Revert> {
        let listed = self.world.takes_deposits(a.strategy).unwrap_or(false);
        self.require_known(listed, || {
            let wrong = format!("{} does not take deposits", a.strategy);
            let right = "deposit into a whitelisted strategy";
            Revert::named(
                "deposit-whitelisted",
                "StrategyNotWhitelisted",
                "strategy",
                wrong,
                right,
            )
        })?;
        if self.world.knowledge == Knowledge::Complete {
            let minted = self.world.minted(a.strategy, a.amount.0);
            self.require(minted != Some(0), || {
                let wrong = format!("{} mints no share at the strategy's rate", a.amount);
                Revert::named(
                    "deposit-shares",
                    "NewSharesZero",
                    "amount",
                    wrong,
                    "deposit more",
                )
            })?;
        }
        let operator = self
            .world
            .delegations
            .get(&call.from)
            .and_then(|operator| self.world.operators.get(operator));
        let slashed =
            operator.is_some_and(|operator| operator.max_magnitude.get(&a.strategy) == Some(&0));
        self.require(!slashed, || {
            let wrong = "the operator behind the staker is slashed to nothing in this strategy";
            Revert::named(
                "deposit-not-slashed",
                "FullySlashed",
                "strategy",
                wrong,
                "undelegate first",
            )
        })
    }

    pub(super) fn register_operator(&mut self, call: &Call) -> Result<(), Revert> {
        let free = !self.world.delegations.contains_key(&call.from);
        self.require(free, || already_delegated(call.from))
    }

    pub(super) fn delegate(&mut self, call: &Call, operator: Address) -> Result<(), Revert> {
        let free = !self.world.delegations.contains_key(&call.from);
        self.require(free, || already_delegated(call.from))?;
        self.known_operator(operator, "operator")
    }

    pub(super) fn known_operator(
        &mut self,
        operator: Address,
        argument: &str,
    ) -> Result<(), Revert> {
        self.require_known(self.world.operators.contains_key(&operator), || {
            let wrong = format!("{operator} is not an operator");
            Revert::named(
                "delegation-operator",
                "OperatorNotRegistered",
                argument,
                wrong,
                "name an operator",
            )
        })
    }

    pub(super) fn undelegate(&mut self, call: &Call, a: &Undelegate) -> Result<(), Revert> {
        let refused = |error, wrong: &str, right: &str| {
            Revert::named("undelegation", error, "staker", wrong, right)
        };
        let operator = self.world.delegations.get(&a.staker).copied();
        self.require_known(operator.is_some(), || {
            refused(
                "NotActivelyDelegated",
                "the staker delegates to nobody",
                "leave the call out",
            )
        })?;
        self.require(!self.world.operators.contains_key(&a.staker), || {
            refused(
                "OperatorsCannotUndelegate",
                "an operator is its own delegate for ever",
                "leave the call out",
            )
        })?;
        let may = call.from == a.staker
            || operator.is_some_and(|operator| {
                call.from == operator || self.world.may_call(call, operator)
            });
        self.require_known(may, || {
            refused(
                "CallerCannotUndelegate",
                "the sender is neither the staker nor its operator",
                "send it from either",
            )
        })
    }

    pub(super) fn queue_withdrawals(
        &mut self,
        call: &Call,
        a: &QueueWithdrawals,
    ) -> Result<(), Revert> {
        for (index, param) in a.params.iter().enumerate() {
            for (place, (strategy, shares)) in param
                .strategies
                .iter()
                .zip(&param.deposit_shares)
                .enumerate()
            {
                let deposited = self
                    .world
                    .deposits
                    .get(&(call.from, *strategy))
                    .copied()
                    .unwrap_or(0);
                self.require_known(shares.0 <= deposited, || {
                    Revert::named(
                        "withdrawal-amount",
                        "",
                        format!("params/{index}/depositShares/{place}"),
                        format!("{shares} shares are more than the {deposited} deposited"),
                        "withdraw at most the deposit",
                    )
                    .because(Reason::Panic(0x11))
                })?;
            }
        }
        Ok(())
    }

    pub(super) fn complete_withdrawal(&mut self, a: &CompleteWithdrawal) -> Result<(), Revert> {
        let delay = u64::from(self.world.network.limits.min_withdrawal_delay.0);
        let from = u64::from(a.withdrawal.start_block.0) + delay + 1;
        self.require(self.world.block >= from, || {
            Revert::named(
                "withdrawal-delay",
                "WithdrawalDelayNotElapsed",
                "withdrawal/startBlock",
                format!(
                    "it can be completed from block {from}, now is {}",
                    self.world.block
                ),
                "wait",
            )
        })
    }

    pub(super) fn clear_slashed_shares(&mut self, a: &ClearSlashedShares) -> Result<(), Revert> {
        let from = self
            .world
            .pending_slashes
            .get(&(a.operator_set, a.slash_id.0))
            .copied()
            .unwrap_or(0);
        self.require(self.world.block >= from, || {
            Revert::named(
                "slash-resolution-delay",
                "SlashResolutionDelayNotElapsed",
                "slashId",
                format!(
                    "the slash is resolved from block {from}, now is {}",
                    self.world.block
                ),
                "wait",
            )
        })
    }
}

fn already_delegated(account: Address) -> Revert {
    Revert::named(
        "delegation-free",
        "ActivelyDelegated",
        "",
        format!("{account} delegates already, or is an operator"),
        "undelegate first",
    )
}
