//! Who opts in, and what is delegated to them: from an AVS, the largest, a draw, a list, or made up.

use super::context::Check;
use super::csv::{Cell, Table};
use crate::snapshot::{AssetIndex, OperatorIndex, Provenance};
use crate::spec::draft::{From, Operators};
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::At;
use crate::spec::quantity::{Dimension, closest, show};
use sha2::{Digest, Sha256};

/// Assets below this share of the set's stake are left out.
const SMALL: f64 = 1e-4;

pub(super) use super::class::{CLASSES, Class};

/// The stake that the rule names.
#[derive(Debug, Clone)]
pub(super) struct Holdings {
    /// The rule in words.
    pub rule: String,
    /// Who holds it.
    pub holders: Holders,
    /// Classes that hold anything worth simulating, in order.
    pub classes: Vec<Class>,
}

#[derive(Debug, Clone)]
pub(super) enum Holders {
    /// A continuum of delegated stake, USD, in one class.
    Pooled(f64, Class),
    /// Named operators.
    Operators(Vec<Holder>),
}

/// One operator.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    pub label: String,
    pub address: Option<String>,
    /// Text that operators of one entity share; none for an operator of its own.
    pub entity: Option<String>,
    /// Delegated tokens by class, counted in the class's own unit.
    pub tokens: [f64; CLASSES],
    /// All delegated stake at the snapshot's prices, counted or not.
    pub delegated_usd: f64,
    pub reconstructed: bool,
}

/// Which snapshot assets count.
enum Filter {
    All,
    These(Vec<bool>, [bool; CLASSES]),
}

impl Filter {
    fn admits(&self, asset: AssetIndex, class: Class) -> bool {
        match self {
            Self::All => true,
            Self::These(assets, classes) => classes[class as usize] || assets[asset as usize],
        }
    }
}

impl Check<'_> {
    pub fn holdings(&mut self, operators: &Operators) -> Option<Holdings> {
        let filter = match &operators.assets {
            None => Some(Filter::All),
            Some(listed) => self.filter(listed),
        };
        let from = operators.from.get()?;
        let (rule, holders) = match from.get() {
            From::Avs(name) => self.of_avs(name, &filter?)?,
            From::Largest(count) => self.largest(count, &filter?)?,
            From::Random(random) => {
                self.random(random.count.get()?, *random.seed.get()?.get(), &filter?)?
            }
            From::List(path) => self.of_list(path)?,
            From::Pooled(pooled) => {
                let class = pooled
                    .asset
                    .get()
                    .and_then(|asset| self.class_of(asset, "operators.from.pooled.asset"));
                let stake = pooled
                    .stake
                    .get()
                    .and_then(|stake| self.quantity(stake, "operators.from.pooled.stake"));
                let (class, stake) = (class?, stake?);
                (
                    format!(
                        "a pool of {} in {}",
                        show(stake, Dimension::Money),
                        class.name()
                    ),
                    Holders::Pooled(stake, class),
                )
            }
            From::Equal(equal) => {
                let class = equal
                    .asset
                    .get()
                    .and_then(|asset| self.class_of(asset, "operators.from.equal.asset"));
                let stake = equal
                    .stake
                    .get()
                    .and_then(|stake| self.quantity(stake, "operators.from.equal.stake"));
                let count = equal
                    .count
                    .get()
                    .and_then(|count| self.count(count, "operators.from.equal.count"));
                self.equal(count?, stake?, class?)?
            }
        };
        let classes = self.held_classes(&holders, operators.assets.is_some());
        if classes.is_empty() {
            let error = self.report(
                ErrorKind::Empty,
                from.span(),
                "operators.from",
                "these operators hold no stake that counts",
            );
            error.help = Some(
                "choose other operators, or let more assets count (`operators.assets`)".into(),
            );
            return None;
        }
        Some(Holdings {
            rule,
            holders,
            classes,
        })
    }

    /// A number of operators: at least one.
    fn count(&mut self, count: &At<u32>, key: &str) -> Option<u32> {
        if *count.get() > 0 {
            return Some(*count.get());
        }
        self.report(
            ErrorKind::Empty,
            count.span(),
            key,
            "a set of no operators secures nothing",
        )
        .help = Some("write at least 1".into());
        None
    }

    fn filter(&mut self, listed: &At<Vec<At<String>>>) -> Option<Filter> {
        let mut assets = vec![false; self.snapshot.assets.len()];
        let mut classes = [false; CLASSES];
        let mut fits = !listed.get().is_empty();
        if listed.get().is_empty() {
            self.report(
                ErrorKind::Empty,
                listed.span(),
                "operators.assets",
                "no asset counts",
            )
            .help = Some("name at least one, or leave the key out to count all".into());
        }
        for name in listed.get() {
            let by_symbol = self
                .snapshot
                .assets
                .iter()
                .position(|a| a.symbol == *name.get());
            match (Class::find(name.get()), by_symbol) {
                (Some(class), _) => classes[class as usize] = true,
                (None, Some(asset)) => assets[asset] = true,
                (None, None) => {
                    self.unknown_asset(name, "operators.assets");
                    fits = false;
                }
            }
        }
        fits.then_some(Filter::These(assets, classes))
    }

    fn unknown_asset(&mut self, name: &At<String>, key: &str) {
        let mut known: Vec<String> = Class::ALL.iter().map(|c| c.name().to_owned()).collect();
        known.extend(self.snapshot.assets.iter().map(|a| a.symbol.clone()));
        let near = closest(name.get(), known.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the snapshot has {}", list(&known)),
        };
        let message = format!("no asset is called `{}`", name.get());
        self.report(ErrorKind::UnknownName, name.span(), key, message)
            .help = Some(help);
    }

    /// The class of an asset, by its symbol or its own name.
    pub fn class_of(&mut self, name: &At<String>, key: &str) -> Option<Class> {
        let class = Class::find(name.get()).or_else(|| {
            self.snapshot
                .assets
                .iter()
                .find(|a| a.symbol == *name.get())
                .map(|a| Class::of(a.class))
        });
        match class {
            Some(Class::Own) if !self.has_own_token() && self.is_faulty("market.OWN.price") => None,
            Some(Class::Own) if !self.has_own_token() => {
                self.report(
                    ErrorKind::MissingKey,
                    name.span(),
                    key,
                    "the own token has no price",
                )
                .help = Some(
                    "add [market.OWN] with price = \"2 USD\" and volatility = \"120 %/year\""
                        .into(),
                );
                None
            }
            Some(class) => Some(class),
            None => {
                self.unknown_asset(name, key);
                None
            }
        }
    }

    fn of_avs(&mut self, name: &At<String>, filter: &Filter) -> Option<(String, Holders)> {
        let snapshot = self.snapshot;
        let text = name.get().trim();
        let named = snapshot.avss.iter().filter(|avs| {
            avs.name
                .as_ref()
                .is_some_and(|n| n.eq_ignore_ascii_case(text))
        });
        let key = "operators.from.avs";
        if named.count() > 1 {
            self.report(
                ErrorKind::UnknownName,
                name.span(),
                key,
                format!("several AVSs are called `{text}`"),
            )
            .help = Some("write the address of the one you mean".into());
            return None;
        }
        let Some(avs) = snapshot.avs_by_name(text) else {
            let names = snapshot.avss.iter().filter_map(|avs| avs.name.as_deref());
            let help = match closest(text, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "the snapshot ({}) has {}",
                    snapshot.manifest.label,
                    list(&names.map(str::to_owned).collect::<Vec<_>>())
                ),
            };
            self.report(
                ErrorKind::UnknownName,
                name.span(),
                key,
                format!("no AVS is called `{text}`"),
            )
            .help = Some(help);
            return None;
        };
        let members = snapshot.operators_of_avs(avs);
        let row = &snapshot.avss[avs as usize];
        let shown = row.name.clone().unwrap_or_else(|| row.address.to_string());
        if members.is_empty() {
            self.report(
                ErrorKind::Empty,
                name.span(),
                key,
                format!("`{shown}` has no operators in this snapshot"),
            )
            .help = Some("choose another AVS, or { largest = 40 }".into());
            return None;
        }
        let rule = format!("the {} operators of {shown}", members.len());
        Some((rule, self.of_snapshot(&members, filter)))
    }

    fn largest(&mut self, count: &At<u32>, filter: &Filter) -> Option<(String, Holders)> {
        let wanted = self.count(count, "operators.from.largest")?;
        let all = self.snapshot.largest(self.with_stake().len());
        self.enough(wanted, all.len(), count, "operators.from.largest")?;
        let rule = format!("the {wanted} operators with most delegated stake");
        Some((rule, self.of_snapshot(&all[..wanted as usize], filter)))
    }

    /// The operators whose address, hashed with the seed, comes first: who else is in the snapshot
    /// does not move anybody's place in the order.
    fn random(&mut self, count: &At<u32>, seed: u32, filter: &Filter) -> Option<(String, Holders)> {
        let wanted = self.count(count, "operators.from.random.count")?;
        let mut all = self.with_stake();
        self.enough(wanted, all.len(), count, "operators.from.random.count")?;
        let rank = |o: &OperatorIndex| {
            let hash = Sha256::new()
                .chain_update(b"stakewright operators")
                .chain_update(seed.to_le_bytes());
            <[u8; 32]>::from(
                hash.chain_update(self.snapshot.operators[*o as usize].address.0)
                    .finalize(),
            )
        };
        all.sort_by_cached_key(rank);
        all.truncate(wanted as usize);
        all.sort_unstable();
        let rule = format!("{wanted} operators drawn with seed {seed}");
        Some((rule, self.of_snapshot(&all, filter)))
    }

    /// Operators with any priced stake.
    fn with_stake(&self) -> Vec<OperatorIndex> {
        let usd = self.snapshot.usd_by_operator();
        (0..)
            .zip(usd)
            .filter(|(_, usd)| *usd > 0.0)
            .map(|(o, _)| o)
            .collect()
    }

    fn enough(&mut self, wanted: u32, there: usize, count: &At<u32>, key: &str) -> Option<()> {
        if wanted as usize <= there {
            return Some(());
        }
        let message = format!("{wanted} operators are asked for, and {there} have stake");
        self.report(ErrorKind::Domain, count.span(), key, message)
            .help = Some(format!(
            "the snapshot ({}) has {there} operators with stake",
            self.snapshot.manifest.label
        ));
        None
    }

    fn of_snapshot(&mut self, chosen: &[OperatorIndex], filter: &Filter) -> Holders {
        let snapshot = self.snapshot;
        let mut place = vec![None; snapshot.operators.len()];
        let mut holders: Vec<Holder> = Vec::with_capacity(chosen.len());
        for &o in chosen {
            place[o as usize] = Some(holders.len());
            let operator = &snapshot.operators[o as usize];
            holders.push(Holder {
                label: operator
                    .name
                    .clone()
                    .unwrap_or_else(|| operator.address.to_string()),
                address: Some(operator.address.to_string()),
                entity: operator.entity.clone(),
                tokens: [0.0; CLASSES],
                delegated_usd: 0.0,
                reconstructed: false,
            });
        }
        let units: Vec<Option<(Class, f64)>> = (0..)
            .zip(&snapshot.assets)
            .map(|(i, _)| self.unit_of(i))
            .collect();
        let mut unpriced: Vec<&str> = Vec::new();
        for stake in &snapshot.stakes {
            let Some(at) = place[stake.operator as usize] else {
                continue;
            };
            let asset = &snapshot.assets[stake.asset as usize];
            let (Some(price), Some((class, factor))) = (&asset.price, units[stake.asset as usize])
            else {
                if stake.amount_tokens > 0.0 && !unpriced.contains(&asset.symbol.as_str()) {
                    unpriced.push(&asset.symbol);
                }
                continue;
            };
            let holder = &mut holders[at];
            holder.delegated_usd += stake.amount_tokens * price.usd;
            if filter.admits(stake.asset, class) {
                holder.tokens[class as usize] += stake.amount_tokens * factor;
                holder.reconstructed |= stake.provenance == Provenance::Reconstructed;
            }
        }
        if !unpriced.is_empty() {
            self.assume("A-unpriced", "operators.assets", unpriced.join(", "));
        }
        let reconstructed = holders.iter().filter(|h| h.reconstructed).count();
        if reconstructed > 0 {
            self.assume(
                "A-reconstructed",
                "operators.from",
                format!("{reconstructed} of {} operators", holders.len()),
            );
        }
        Holders::Operators(holders)
    }

    /// The class of a snapshot's asset and how many of the class's units one token is: units are
    /// worth the class's price, so that tokens of one class can be added.
    fn unit_of(&self, asset: AssetIndex) -> Option<(Class, f64)> {
        let row = &self.snapshot.assets[asset as usize];
        let class = Class::of(row.class);
        let unit = self.snapshot_price(class)?.0;
        Some((class, row.price.as_ref()?.usd / unit))
    }

    /// USD for one unit of a class in the snapshot, and what the unit is: ETH for its liquid
    /// staking tokens, else the token with most stake.
    pub fn snapshot_price(&self, class: Class) -> Option<(f64, String)> {
        let usd = self.snapshot.usd_by_asset();
        let of_class = |wanted: Class| {
            (0..)
                .zip(&self.snapshot.assets)
                .filter(move |(_, a)| Class::of(a.class) == wanted && a.price.is_some())
        };
        let most = |wanted: Class| {
            of_class(wanted).max_by(|(i, _), (j, _)| {
                let at = |k: &usize| usd[*k].unwrap_or(0.0);
                at(i).total_cmp(&at(j)).then(j.cmp(i))
            })
        };
        let found = match class {
            Class::Lst => most(Class::Eth).or_else(|| most(Class::Lst)),
            other => most(other),
        };
        let price =
            found.and_then(|(_, asset)| asset.price.as_ref().map(|price| (price, &asset.symbol)));
        price.map(|(price, symbol)| (price.usd, format!("price of {symbol}: {}", price.source)))
    }

    /// USD for one unit at the start: the file's price, or the snapshot's.
    pub fn start_price(&mut self, class: Class) -> Option<f64> {
        if class == Class::Own {
            let noted = self.errors.len();
            let price = self.given_price(class);
            self.errors.truncate(noted);
            return price;
        }
        let snapshot = self.snapshot_price(class).map(|(price, _)| price);
        self.given_price(class).or_else(|| {
            let ratio = match class {
                Class::Lst => self
                    .given_price(Class::Eth)
                    .zip(self.snapshot_price(Class::Eth))
                    .map_or(1.0, |(new, (old, _))| new / old),
                _ => 1.0,
            };
            snapshot.map(|price| price * ratio)
        })
    }

    fn given_price(&mut self, class: Class) -> Option<f64> {
        let market = self.draft.document.market.as_ref()?;
        let price = super::market::section(market, class)?
            .get()
            .price
            .as_ref()?;
        self.quantity(price, &format!("market.{}.price", class.name()))
    }

    fn equal(&mut self, count: u32, stake: f64, class: Class) -> Option<(String, Holders)> {
        let Some(price) = self.start_price(class) else {
            let at = self
                .draft
                .document
                .operators
                .get()
                .and_then(|o| o.from.get())
                .map_or(0..0, At::span);
            self.report(
                ErrorKind::Snapshot,
                at,
                "operators.from.equal.asset",
                format!("the snapshot has no price of {}", class.name()),
            )
            .help = Some(format!(
                "add [market.{}] with price = \"… USD\"",
                class.name()
            ));
            return None;
        };
        let mut tokens = [0.0; CLASSES];
        tokens[class as usize] = stake / price;
        let holders = (1..=count)
            .map(|i| Holder {
                label: format!("operator {i}"),
                address: None,
                entity: None,
                tokens,
                delegated_usd: stake,
                reconstructed: false,
            })
            .collect();
        Some((
            format!(
                "{count} operators with {} of {} each",
                show(stake, Dimension::Money),
                class.name()
            ),
            Holders::Operators(holders),
        ))
    }

    fn held_classes(&mut self, holders: &Holders, listed: bool) -> Vec<Class> {
        let operators = match holders {
            Holders::Pooled(_, class) => return vec![*class],
            Holders::Operators(operators) => operators,
        };
        let mut usd = [0.0; CLASSES];
        for class in Class::ALL {
            let tokens: f64 = operators.iter().map(|o| o.tokens[class as usize]).sum();
            if tokens > 0.0 {
                usd[class as usize] = tokens * self.start_price(class).unwrap_or(1.0);
            }
        }
        let total: f64 = usd.iter().sum();
        let mut dropped: Vec<String> = Vec::new();
        let mut held = Vec::new();
        for class in Class::ALL {
            let worth = usd[class as usize];
            if worth > 0.0 && (listed || worth >= SMALL * total) {
                held.push(class);
            } else if worth > 0.0 {
                dropped.push(format!(
                    "{} ({:.2} kUSD of {:.2} MUSD)",
                    class.name(),
                    worth / 1e3,
                    total / 1e6
                ));
            }
        }
        if !dropped.is_empty() {
            self.assume("A-small-assets", "operators.assets", dropped.join(", "));
        }
        held
    }

    /// A list in a file: columns operator, entity and one for each asset, in tokens.
    fn of_list(&mut self, path: &At<String>) -> Option<(String, Holders)> {
        let table = Table::open(self, path, "operators.from.list")?;
        let names = table.require(self, "operator")?;
        let entities = table.column("entity");
        let mut columns: Vec<(usize, Class, f64)> = Vec::new();
        let mut fits = true;
        for (i, heading) in table.headings().iter().enumerate() {
            if i == names || Some(i) == entities {
                continue;
            }
            match self.list_column(&heading.text) {
                Some((class, factor)) => columns.push((i, class, factor)),
                None => {
                    let symbols = self.symbols();
                    let near = closest(
                        &heading.text,
                        symbols
                            .iter()
                            .map(String::as_str)
                            .chain(["operator", "entity"]),
                    );
                    let help = near.map_or_else(
                        || {
                            format!(
                                "columns are operator, entity and priced assets: {}",
                                list(&symbols)
                            )
                        },
                        |n| format!("did you mean `{n}`?"),
                    );
                    table.report(
                        self,
                        ErrorKind::UnknownName,
                        heading,
                        format!("no priced asset is called `{}`", heading.text),
                        help,
                    );
                    fits = false;
                }
            }
        }
        let mut holders: Vec<Holder> = Vec::new();
        for row in table.rows() {
            let label = row[names].text.clone();
            if label.is_empty() {
                table.report(
                    self,
                    ErrorKind::MissingKey,
                    &row[names],
                    "an operator without a name".into(),
                    "write a name or an address".into(),
                );
                fits = false;
            } else if holders.iter().any(|h| h.label == label) {
                let help =
                    "give each operator one line; operators of one entity share the entity column"
                        .into();
                table.report(
                    self,
                    ErrorKind::Duplicate,
                    &row[names],
                    format!("`{label}` is listed twice"),
                    help,
                );
                fits = false;
            }
            let mut holder = Holder {
                address: label.starts_with("0x").then(|| label.clone()),
                label,
                entity: entities
                    .map(|i| row[i].text.clone())
                    .filter(|text| !text.is_empty()),
                tokens: [0.0; CLASSES],
                delegated_usd: 0.0,
                reconstructed: false,
            };
            for &(i, class, factor) in &columns {
                match amount(&row[i]) {
                    Ok(tokens) => {
                        holder.tokens[class as usize] += tokens * factor;
                        let unit = self
                            .snapshot_price(class)
                            .map(|(price, _)| price)
                            .or_else(|| self.start_price(class));
                        holder.delegated_usd += tokens * factor * unit.unwrap_or(0.0);
                    }
                    Err((kind, message)) => {
                        table.report(
                            self,
                            kind,
                            &row[i],
                            message,
                            "write tokens as a plain number, such as 1250.5".into(),
                        );
                        fits = false;
                    }
                }
            }
            holders.push(holder);
        }
        if holders.is_empty() {
            self.report(
                ErrorKind::Empty,
                path.span(),
                "operators.from.list",
                format!("`{}` lists no operator", path.get()),
            )
            .help = Some(
                "write a line of headings (operator,entity,ETH), then one line for each operator"
                    .into(),
            );
            return None;
        }
        let rule = format!("the {} operators of {}", holders.len(), path.get());
        fits.then_some((rule, Holders::Operators(holders)))
    }

    /// The class of a column and how many units one token is.
    fn list_column(&self, heading: &str) -> Option<(Class, f64)> {
        if heading == "OWN" {
            return self.has_own_token().then_some((Class::Own, 1.0));
        }
        let by_symbol = (0..)
            .zip(&self.snapshot.assets)
            .find(|(_, a)| a.symbol == heading && a.price.is_some());
        match by_symbol {
            Some((asset, _)) => self.unit_of(asset),
            None => Class::find(heading)
                .filter(|class| self.snapshot_price(*class).is_some())
                .map(|class| (class, 1.0)),
        }
    }
}

fn amount(cell: &Cell) -> Result<f64, (ErrorKind, String)> {
    let text = cell.text.replace('_', "");
    if text.is_empty() {
        return Ok(0.0);
    }
    match text.parse::<f64>() {
        Ok(tokens) if tokens.is_finite() && tokens >= 0.0 => Ok(tokens),
        Ok(tokens) if tokens < 0.0 => Err((ErrorKind::Domain, "stake cannot be negative".into())),
        _ => Err((
            ErrorKind::Number,
            format!("`{}` is not a number of tokens", cell.text),
        )),
    }
}

/// Names as one phrase, the first few of many.
pub(super) fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len() {
        0 => "none".into(),
        n if n > SHOWN => format!("{shown} and {} more", n - SHOWN),
        _ => shown,
    }
}
