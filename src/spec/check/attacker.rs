//! What an attacker can have beside its take: shorts, ransom, harm, queued exits.

use super::context::{Check, settled};
use crate::economics::heavy_tail::ParetoTake;
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Fraction, Frequency, Money, Span, Volatility};
use crate::spec::model::{Extraction, Harm, Margin, Queued, QueuedBefore, Short, Takes};
use crate::spec::parameters::EXIT_WINDOW;
use crate::spec::quantity::{Dimension, show};
use crate::units::{DAYS_PER_YEAR, Days, PerYear, Share, Usd};

/// Largest shape or tail index that means anything.
const SHAPE_LIMIT: f64 = 20.0;
/// What is usual, for whoever writes an impossible one.
const EXPLOITS: &str = "past exploits have a tail index of about 1 (a shape of about 1)";
/// Largest multiple of the take that users can be said to lose.
const HARM_LIMIT: f64 = 1e6;

impl Check<'_> {
    pub fn pareto(&mut self, law: &draft::ParetoSum, key: &str) -> Option<Takes> {
        let least = law
            .least
            .get()
            .and_then(|q| self.quantity(q, &format!("{key}.least")));
        let tail = law
            .tail
            .get()
            .and_then(|n| self.above_zero(n, SHAPE_LIMIT, &format!("{key}.tail"), EXPLOITS));
        Some(Takes::ParetoUsd(ParetoTake::of_tail(least?, tail?)))
    }

    pub fn generalized_pareto(&mut self, law: &draft::ExcessSum, key: &str) -> Option<Takes> {
        let above = law
            .above
            .get()
            .and_then(|q| self.quantity(q, &format!("{key}.above")));
        let scale = law
            .scale
            .get()
            .and_then(|q| self.quantity(q, &format!("{key}.scale")));
        let shape = law
            .shape
            .get()
            .and_then(|n| self.above_zero(n, SHAPE_LIMIT, &format!("{key}.shape"), EXPLOITS));
        Some(Takes::ParetoUsd(ParetoTake {
            least_usd: above?,
            scale_usd: scale?,
            shape: shape?,
        }))
    }

    /// A take whose mean is infinite means nothing unless something caps it.
    pub fn needs_cap(&mut self, at: &At<draft::Attack>, takes: Option<&Takes>, capped: bool) {
        let draft = at.get();
        let Some(law) = takes.and_then(Takes::heavy) else {
            return;
        };
        if capped || draft.per_event.is_some() || law.has_mean() {
            return;
        }
        let span = draft.cap.as_ref().map_or_else(|| at.span(), At::span);
        let error = self.report(
            ErrorKind::Contradiction,
            span,
            "value.attack.cap",
            "a take with so heavy a tail has no finite mean, and nothing caps it",
        );
        error.help = Some(
            "write cap = \"at-risk\" (nobody takes more than there is), a cap that the service builds in (per_event = \"5 MUSD\"), or a lighter tail (a tail index above 1, a shape below 1)"
                .into(),
        );
    }

    /// A limited rate ends when the offence is detected, so it needs a time to detection.
    pub fn needs_detection_time(
        &mut self,
        at: &At<draft::Attack>,
        extraction: Option<Extraction>,
        offence: Option<usize>,
        key: &str,
    ) {
        let (Some(Extraction::RateLimited { .. }), Some(index)) = (extraction, offence) else {
            return;
        };
        let Some(offence) = self.offences().get(index).copied() else {
            return;
        };
        if !matches!(
            offence.detection.get(),
            Some(draft::Detection::Probability(_))
        ) {
            return;
        }
        let other = offence
            .name
            .get()
            .map(|n| (n.span(), "this offence".to_owned()));
        let error = self.report(
            ErrorKind::Contradiction,
            at.span(),
            key,
            "a limited rate runs until the offence is detected, and its detection has no time",
        );
        error.also = other;
        error.help = Some(
            "give the offence detection = { mean = \"2 days\" } instead of a probability".into(),
        );
    }

    pub fn short(&mut self, at: &At<draft::Short>, key: &str) -> Option<Short> {
        let draft = at.get();
        let of = |name: &str| format!("{key}.{name}");
        let open = draft
            .open_interest
            .as_ref()
            .map(|q| self.quantity(q, &of("open_interest")));
        let depth = draft.depth.as_ref().map(|q| self.quantity(q, &of("depth")));
        let notional = match (open, depth) {
            (None, None) => {
                self.report(
                    ErrorKind::MissingKey,
                    at.span(),
                    key,
                    "nothing says how much can be sold short",
                )
                .help = Some("add open_interest = \"20 MUSD\" (derivatives) or depth = \"5 MUSD\" (what can be borrowed and sold)".into());
                None
            }
            (Some(one), None) | (None, Some(one)) => one,
            (Some(open), Some(depth)) => open.zip(depth).map(|(a, b)| a.min(b)),
        };
        let drop = draft.drop.get().and_then(|q| self.quantity(q, &of("drop")));
        let borrow =
            self.quantity_or::<Frequency>(draft.borrow.as_ref(), &of("borrow"), "A-short-borrow");
        let days = self.quantity_or::<Span>(draft.days.as_ref(), &of("days"), "A-short-days");
        let fee = self.quantity_or::<Fraction>(draft.fee.as_ref(), &of("fee"), "A-short-fee");
        let margin = match &draft.margin {
            None => Some(None),
            Some(posted) => {
                let posted = self.quantity(posted, &of("margin"));
                let volatility = self.quantity_or::<Volatility>(
                    draft.volatility.as_ref(),
                    &of("volatility"),
                    "A-short-volatility",
                );
                posted.zip(volatility).map(|(posted, volatility)| {
                    Some(Margin {
                        posted,
                        volatility: PerYear(volatility),
                    })
                })
            }
        };
        Some(Short {
            notional: Usd(notional?),
            drop: Share(drop?),
            borrow: PerYear(borrow?),
            held: Days(days?),
            fee: Share(fee?),
            margin: margin?,
        })
    }

    pub fn harm(&mut self, harm: Option<&draft::Harm>, key: &str) -> Option<Option<Harm>> {
        let read = harm.map(|harm| match harm {
            draft::Harm::Sum(sum) => self
                .quantity::<Money>(sum, &format!("{key}.sum"))
                .map(|usd| Harm::Usd(Usd(usd))),
            draft::Harm::Multiple(multiple) => self
                .number(multiple, 0.0..=HARM_LIMIT, &format!("{key}.multiple"))
                .map(Harm::Multiple),
        });
        settled(read)
    }

    pub fn queued(
        &mut self,
        queued: Option<&At<draft::Queued>>,
        key: &str,
    ) -> Option<Option<Queued>> {
        let Some(at) = queued else {
            self.assume("A-queued", key, "not in the promise; C7 asks about 7 days");
            return Some(None);
        };
        let draft = at.get();
        let share = draft
            .share
            .as_ref()
            .map_or(Some(1.0), |q| self.quantity(q, &format!("{key}.share")));
        let (before, given) = match (&draft.by, &draft.up_to) {
            (Some(by), None) => (
                self.quantity(by, &format!("{key}.by"))
                    .map(|d| (d, QueuedBefore::By(Days(d)))),
                by.0.span(),
            ),
            (None, Some(up_to)) => (
                self.quantity(up_to, &format!("{key}.up_to"))
                    .map(|d| (d, QueuedBefore::UpTo(Days(d)))),
                up_to.0.span(),
            ),
            _ => {
                let message = "say either by when the exits were queued, or up to when";
                self.report(ErrorKind::Contradiction, at.span(), key, message).help =
                    Some("write { by = \"4 days\" }, or { up_to = \"14 days\" } for exits that are spread evenly".into());
                return None;
            }
        };
        let (days, before) = before?;
        if days > EXIT_WINDOW.get() {
            let message = format!(
                "an exit queued {} before the attack has ended by then",
                show(days, Dimension::Span)
            );
            self.report(ErrorKind::Protocol, given, key, message).help = Some(
                "write at most 14 days: the protocol's DEALLOCATION_DELAY of 100800 blocks (ELIP-002), after which the stake neither votes nor can be slashed"
                    .into(),
            );
            return None;
        }
        Some(Some(Queued {
            share: Share(share?),
            before,
        }))
    }

    pub fn dispute_window(
        &mut self,
        window: &draft::DisputeWindow,
        key: &str,
    ) -> Option<Extraction> {
        let flow = window
            .flow
            .get()
            .and_then(|q| self.quantity(q, &format!("{key}.dispute_window.flow")));
        Some(Extraction::DisputeWindow {
            usd_per_day: flow? / DAYS_PER_YEAR,
        })
    }
}
