//! What is traded of each asset, how far it falls, and cover that is sold on it.

use super::class::Class;
use super::context::{Check, settled};
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Fraction, OpenFraction};
use crate::spec::model::{Acquirer, Evidence, Insurance, Quorum, RewardSale, Verification};
use crate::units::{Days, PerYear, Share, Usd};

impl Check<'_> {
    /// The market that rewards in the own token are sold into, where the file gives its volume.
    pub fn reward_sale(&mut self, paid_in: Option<&str>) -> Option<Option<RewardSale>> {
        let market = self.draft.document.market.as_ref();
        let own = market.and_then(|m| m.own.as_ref());
        let (Some(at), Some("OWN")) = (own, paid_in) else {
            return Some(None);
        };
        let (Some(_), Some(volatility)) = (&at.get().daily_volume, &at.get().volatility) else {
            return Some(None);
        };
        let noted = self.errors.len();
        let liquidity = self.fall_and_liquidity(Class::Own, Some(at), false);
        let volatility = self.quantity(volatility, "market.OWN.volatility");
        // The section is read again, and its faults reported, where it stands.
        self.errors.truncate(noted);
        let (Some((_, liquidity)), Some(volatility)) = (liquidity, volatility) else {
            return Some(None);
        };
        Some(Some(RewardSale {
            liquidity,
            volatility: PerYear(volatility),
        }))
    }

    pub fn acquirer(&mut self, draft: Option<&draft::Acquirer>) -> Option<Acquirer> {
        let financing = self.quantity_or(
            draft.and_then(|d| d.financing.as_ref()),
            "operators.acquirer.financing",
            "A-acquirer-financing",
        );
        let delay = self.quantity_or(
            draft.and_then(|d| d.allocation_delay.as_ref()),
            "operators.acquirer.allocation_delay",
            "A-acquirer-delay",
        );
        Some(Acquirer {
            financing: PerYear(financing?),
            allocation_delay: Days(delay?),
        })
    }

    /// How a wrong vote is told from a right one; a quorum that nobody outside can check is
    /// where the question arises.
    pub fn evidence(
        &mut self,
        given: Option<&At<draft::Evidence>>,
        verification: Option<Verification>,
        key: &str,
    ) -> Evidence {
        match given.map(|at| *at.get()) {
            Some(draft::Evidence::Majority) => Evidence::Majority,
            Some(draft::Evidence::Provable) => Evidence::Provable,
            None => {
                if verification == Some(Verification::Quorum) {
                    self.assume("A-evidence", key, "provable");
                }
                Evidence::Provable
            }
        }
    }

    /// The quorums, their assets by the market's order.
    pub fn quorums(
        &mut self,
        list: &[At<draft::Quorum>],
        held: Option<&[Class]>,
        pooled: bool,
    ) -> Option<Vec<Quorum>> {
        if let (true, Some(first)) = (pooled, list.first()) {
            self.report(
                ErrorKind::Contradiction,
                first.span(),
                "operators.quorum",
                "a pool of stake has one asset, so it cannot have quorums",
            )
            .help = Some("choose operators in `from`, or leave the quorums out".into());
            return None;
        }
        self.unique_names(
            list.iter().filter_map(|q| q.get().name.get()),
            "operators.quorum",
        );
        let read: Vec<Option<Quorum>> = list
            .iter()
            .enumerate()
            .map(|(n, at)| self.joint_quorum(n, at.get(), held))
            .collect();
        read.into_iter().collect()
    }

    fn joint_quorum(
        &mut self,
        n: usize,
        draft: &draft::Quorum,
        held: Option<&[Class]>,
    ) -> Option<Quorum> {
        let key = |name: &str| format!("operators.quorum[{n}].{name}");
        let name = draft
            .name
            .get()
            .and_then(|name| self.name(name, &key("name")));
        let threshold = draft
            .threshold
            .as_ref()
            .map(|q| self.quantity(q, &key("threshold")));
        let listed = draft.assets.get()?;
        if listed.get().is_empty() {
            self.report(
                ErrorKind::Empty,
                listed.span(),
                &key("assets"),
                "no asset votes in this quorum",
            )
            .help = Some("name at least one, such as [\"EIGEN\"]".into());
            return None;
        }
        let mut assets = Vec::new();
        for symbol in listed.get() {
            let class = self.class_of(symbol, &key("assets"))?;
            let held = held?;
            match held.iter().position(|h| *h == class) {
                Some(index) if !assets.contains(&index) => assets.push(index),
                Some(_) => {}
                None => {
                    let names: Vec<&str> = held.iter().map(|c| c.name()).collect();
                    let message = format!("the operators hold no {}", class.name());
                    self.report(
                        ErrorKind::Contradiction,
                        symbol.span(),
                        &key("assets"),
                        message,
                    )
                    .help = Some(format!("they hold {}", names.join(", ")));
                    return None;
                }
            }
        }
        let multipliers = draft
            .multipliers
            .as_ref()
            .map(|given| self.multipliers(given, &assets, held?, &key("multipliers")));
        Some(Quorum {
            name: name?,
            assets,
            threshold: settled(threshold)?.map(Share),
            multipliers: settled(multipliers)?,
        })
    }

    pub fn insurance(&mut self, at: Option<&At<draft::Insurance>>) -> Option<Option<Insurance>> {
        let Some(at) = at else { return Some(None) };
        let draft = at.get();
        let key = |name: &str| format!("insurance.{name}");
        let cover = draft
            .cover
            .get()
            .and_then(|q| self.quantity(q, &key("cover")));
        let haircut = draft
            .haircut
            .as_ref()
            .map(|q| self.quantity(q, &key("haircut")));
        let tolerance = self.quantity_or::<OpenFraction>(
            draft.tolerance.as_ref(),
            &key("tolerance"),
            "A-insurance-tolerance",
        );
        let loading = self.quantity_or::<Fraction>(
            draft.loading.as_ref(),
            &key("loading"),
            "A-insurance-loading",
        );
        let claims = draft
            .claims
            .as_ref()
            .map(|q| self.quantity(q, &key("claims")));
        let claim = draft.claim.as_ref().map(|law| {
            let law = self.lognormal(law.median.get(), law.sigma.get(), &key("claim"));
            law.map(|(median, sigma)| (Usd(median), sigma))
        });
        self.needs_redistribution(at);
        Some(Some(Insurance {
            cover: Usd(cover?),
            haircut: settled(haircut)?.map(Share),
            tolerance: Share(tolerance?),
            loading: Share(loading?),
            claims: settled(claims)?.map(PerYear),
            claim: settled(claim)?,
        }))
    }

    /// Cover is paid out of redistributed slashes: what is burned pays nobody.
    fn needs_redistribution(&mut self, at: &At<draft::Insurance>) {
        let some = self.offences().iter().any(|o| o.redistributed.is_some());
        if some {
            return;
        }
        self.report(
            ErrorKind::Contradiction,
            at.span(),
            "insurance",
            "cover is sold, and every slash is burned",
        )
        .help = Some(
            "write redistributed = \"100 %\" for an offence: a redistributing operator set (ELIP-006) passes its slashes on, without native ETH and EIGEN; or sell no cover"
                .into(),
        );
    }
}
