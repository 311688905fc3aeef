//! What a model file says of each collateral by itself, held against what the set holds.

use super::class::Class;
use super::context::Check;
use crate::spec::collateral::AssetSlash;
use crate::spec::draft_collateral::{FractionByAsset, NumberByAsset};
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Fraction, Quantity, Searchable};
use crate::spec::model::{Model, Operator, Slashing, Structure};
use crate::units::{Share, WAD};

impl Check<'_> {
    /// Slash fractions of single assets: each must be held, and `slash` must still count for one
    /// if a range is searched for it.
    pub fn slash_by_asset(
        &mut self,
        slashing: &mut Option<Slashing>,
        held: Option<&[Class]>,
    ) -> Option<()> {
        let (Some(slashing), Some(held)) = (slashing, held) else {
            return Some(());
        };
        let mut fits = true;
        for (n, draft) in self.offences().into_iter().enumerate() {
            let key = format!("slashing.offence[{n}].slash_by_asset");
            let Some(given) = &draft.slash_by_asset else {
                if held.len() > 1 {
                    self.assume("A-slash-alike", &key, "one fraction");
                }
                continue;
            };
            let mut own = Vec::new();
            for (class, fraction) in by_class(given.get()) {
                let Some(fraction) = fraction else { continue };
                let key = format!("{key}.{}", class.name());
                if !held.contains(&class) {
                    self.not_held(class, held, fraction, &key);
                    fits = false;
                    continue;
                }
                match self.quantity(fraction, &key) {
                    Some(share) => own.push(AssetSlash {
                        symbol: class.name().to_owned(),
                        slash: Share(share),
                    }),
                    None => fits = false,
                }
            }
            if own.is_empty() && fits {
                self.report(
                    ErrorKind::Empty,
                    given.span(),
                    &key,
                    "`slash_by_asset` names no asset",
                )
                .help = Some("write such as { EIGEN = \"100 %\" }, or leave it out".into());
                fits = false;
            }
            if own.len() == held.len()
                && let Some(Searchable::Search { high, .. }) = draft.slash.get()
            {
                let at = high.0.span();
                let error = self.report(
                    ErrorKind::Contradiction,
                    at,
                    &format!("slashing.offence[{n}].slash"),
                    "a range of `slash` is searched, and every asset has a fraction of its own",
                );
                error.also = Some((given.span(), "these count for all assets".into()));
                error.help = Some("fix `slash`, or leave an asset out of `slash_by_asset`".into());
                fits = false;
            }
            if let Some(offence) = slashing.offences.get_mut(n) {
                offence.slash_by_asset = own;
            }
        }
        fits.then_some(())
    }

    /// Votes of a token of each asset of a quorum, `assets` by index among `held`.
    pub fn multipliers(
        &mut self,
        given: &At<NumberByAsset>,
        assets: &[usize],
        held: &[Class],
        key: &str,
    ) -> Option<Vec<f64>> {
        let numbers = numbers_by_class(given.get());
        let mut fits = true;
        for (class, number) in &numbers {
            let votes = assets.iter().any(|&asset| held[asset] == *class);
            if let (Some(number), false) = (number, votes) {
                self.report(
                    ErrorKind::Contradiction,
                    number.span(),
                    &format!("{key}.{}", class.name()),
                    format!("{} does not vote in this quorum", class.name()),
                )
                .help = Some("take it into `assets`, or leave it out of `multipliers`".into());
                fits = false;
            }
        }
        let mut each = Vec::new();
        for &asset in assets {
            let class = held[asset];
            let found = numbers.iter().find(|(c, _)| *c == class);
            let Some(number) = found.and_then(|(_, number)| number.as_ref()) else {
                self.report(
                    ErrorKind::MissingKey,
                    given.span(),
                    key,
                    format!(
                        "{} votes in this quorum and has no multiplier",
                        class.name()
                    ),
                )
                .help = Some("the StakeRegistry has one for every strategy of a quorum".into());
                fits = false;
                continue;
            };
            match self.multiplier(number, &format!("{key}.{}", class.name())) {
                Some(votes) => each.push(votes),
                None => fits = false,
            }
        }
        fits.then_some(each)
    }

    /// No operator may weigh more than the registry's uint96 holds: its cast drops what is above,
    /// without a word.
    pub fn weights_fit(&mut self, model: &Model) {
        let (Structure::Entities(list), Some(draft)) = (
            &model.operators.structure,
            self.draft.document.operators.get(),
        ) else {
            return;
        };
        for (n, quorum) in model.operators.quorums.iter().enumerate() {
            let Some(multipliers) = &quorum.multipliers else {
                continue;
            };
            let weight = |operator: &Operator| -> f64 {
                let voting = quorum.assets.iter().zip(multipliers);
                voting.map(|(&asset, m)| operator.tokens[asset] * m).sum()
            };
            let Some(heaviest) = list
                .iter()
                .max_by(|a, b| weight(a).total_cmp(&weight(b)))
                .filter(|operator| weight(operator) * WAD as f64 >= UINT96)
            else {
                continue;
            };
            let given = draft
                .quorum
                .get(n)
                .and_then(|at| at.get().multipliers.as_ref());
            let Some(given) = given else { continue };
            self.report(
                ErrorKind::Protocol,
                given.span(),
                &format!("operators.quorum[{n}].multipliers"),
                format!(
                    "{} would weigh {:.3e} votes, and the registry's uint96 holds less than 7.9e10",
                    heaviest.label,
                    weight(heaviest)
                ),
            )
            .help = Some(
                "divide all multipliers by the same number: only their ratios count; above it the StakeRegistry's cast drops bits without an error"
                    .into(),
            );
        }
    }

    /// A multiplier that the contract can hold: above 0 and, times 10^18, within 96 bits.
    fn multiplier(&mut self, number: &At<f64>, key: &str) -> Option<f64> {
        let votes = *number.get();
        let wads = votes * WAD as f64;
        if (1.0..UINT96).contains(&wads) {
            return Some(votes);
        }
        self.report(
            ErrorKind::Protocol,
            number.span(),
            key,
            format!("{votes} is no multiplier of a strategy"),
        )
        .help = Some(
            "1 is 10^18 in the contract, which takes what is above 0 (InputMultiplierZero) and fits uint96: from 0.000000000000000001 to 79 billion"
                .into(),
        );
        None
    }

    fn not_held(&mut self, class: Class, held: &[Class], fraction: &Quantity<Fraction>, key: &str) {
        let names: Vec<&str> = held.iter().map(|class| class.name()).collect();
        self.report(
            ErrorKind::Contradiction,
            fraction.0.span(),
            key,
            format!("the operators hold no {}", class.name()),
        )
        .help = Some(format!(
            "a slash names strategies of the set (AllocationManager: `StrategyNotInOperatorSet`), and this one holds {}",
            names.join(", ")
        ));
    }
}

/// The first number that an uint96 cannot hold.
const UINT96: f64 = 79_228_162_514_264_337_593_543_950_336.0;

/// The given numbers with their assets.
fn numbers_by_class(given: &NumberByAsset) -> [(Class, &Option<At<f64>>); 6] {
    [
        (Class::Eth, &given.eth),
        (Class::Lst, &given.lst),
        (Class::Eigen, &given.eigen),
        (Class::Btc, &given.btc),
        (Class::Token, &given.token),
        (Class::Own, &given.own),
    ]
}

/// The given fractions with their assets.
fn by_class(given: &FractionByAsset) -> [(Class, &Option<Quantity<Fraction>>); 6] {
    [
        (Class::Eth, &given.eth),
        (Class::Lst, &given.lst),
        (Class::Eigen, &given.eigen),
        (Class::Btc, &given.btc),
        (Class::Token, &given.token),
        (Class::Own, &given.own),
    ]
}
