//! Who may call what: admins and appointees.

use super::{Revert, Trial, World};
use crate::export::action::Call;
use crate::export::address::Address;
use crate::export::arguments::{AdminChange, SetAppointee};

impl World {
    /// True when `caller` is an admin of `account`: the account itself while it has no other.
    #[must_use]
    pub fn is_admin(&self, account: Address, caller: Address) -> bool {
        match self.admins.get(&account) {
            Some(admins) if !admins.is_empty() => admins.contains(&caller),
            _ => account == caller,
        }
    }

    /// True when `call` may be sent in the name of `account`.
    #[must_use]
    pub fn may_call(&self, call: &Call, account: Address) -> bool {
        let appointment = (account, call.from, call.to, call.action.selector());
        self.is_admin(account, call.from) || self.appointees.contains(&appointment)
    }

    pub(super) fn set_appointee(&mut self, a: &SetAppointee) {
        if let Ok(selector) = a.selector.0.as_slice().try_into() {
            self.appointees
                .insert((a.account, a.appointee, a.target, selector));
        }
    }
}

impl Trial<'_> {
    /// The modifier `checkCanCall`.
    pub(super) fn can_call(
        &mut self,
        call: &Call,
        account: Address,
        argument: &str,
    ) -> Result<(), Revert> {
        let revert = || {
            Revert::named(
                "permission",
                "InvalidPermissions",
                argument,
                format!(
                    "{} may not call {} in the name of {account}",
                    call.from,
                    call.action.function()
                ),
                match self.world.admins.get(&account) {
                    Some(admins) if !admins.is_empty() => {
                        let listed: Vec<_> = admins.iter().map(Address::to_string).collect();
                        format!(
                            "send it from an admin ({}) or appoint the sender for this function",
                            listed.join(", ")
                        )
                    }
                    _ => format!("send it from {account}, or appoint the sender for this function"),
                },
            )
        };
        let holds = self.world.may_call(call, account);
        let revert = if holds { None } else { Some(revert()) };
        self.require_known(holds, || revert.expect("a rule that fails has a reason"))
    }

    /// The modifier `onlyAdmin`.
    pub(super) fn only_admin(
        &mut self,
        call: &Call,
        account: Address,
        argument: &str,
    ) -> Result<(), Revert> {
        let holds = self.world.is_admin(account, call.from);
        self.require_known(holds, || {
            Revert::named(
                "admin-only",
                "NotAdmin",
                argument,
                format!("{} is no admin of {account}", call.from),
                "send it from an admin of the account",
            )
        })
    }

    pub(super) fn set_appointee(&mut self, call: &Call, a: &SetAppointee) -> Result<(), Revert> {
        self.only_admin(call, a.account, "account")?;
        let selector: Option<[u8; 4]> = a.selector.0.as_slice().try_into().ok();
        let already = selector.is_some_and(|selector| {
            self.world
                .appointees
                .contains(&(a.account, a.appointee, a.target, selector))
        });
        self.require(!already, || {
            Revert::named(
                "appointee-once",
                "AppointeeAlreadySet",
                "appointee",
                format!("{} is appointed for this function already", a.appointee),
                "leave the call out",
            )
        })
    }

    pub(super) fn remove_admin(&mut self, call: &Call, a: &AdminChange) -> Result<(), Revert> {
        self.only_admin(call, a.account, "account")?;
        let left = self
            .world
            .admins
            .get(&a.account)
            .map_or(0, std::collections::BTreeSet::len);
        self.require_known(left > 1, || {
            Revert::named(
                "last-admin",
                "CannotHaveZeroAdmins",
                "admin",
                format!("{} is the last admin of {}", a.admin, a.account),
                "add another admin and let it accept first",
            )
        })
    }
}
