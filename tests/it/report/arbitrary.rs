//! Findings that nobody would write: every number, text and list of a fixture changed at random.

use serde_json::Value;
use stakewright::report::Findings;

/// Fields whose values are one of a few words, and the version of the format.
const CHOICES: [&str; 7] = [
    "verdict", "unit", "bound", "side", "worth", "standing", "format",
];

/// The findings with each leaf changed with probability 1 - `calm`.
pub fn mutated(findings: &Findings, seed: u64, calm: f64) -> Findings {
    let mut json = serde_json::to_value(findings).unwrap();
    let mut dice = Dice { state: seed, calm };
    dice.change(&mut json);
    serde_json::from_value(json).expect("a changed leaf keeps its type")
}

struct Dice {
    state: u64,
    calm: f64,
}

impl Dice {
    /// SplitMix64: enough for choosing, and the failing seed is all a report needs.
    fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn change(&mut self, json: &mut Value) {
        match json {
            Value::Object(fields) => {
                for (name, field) in fields.iter_mut() {
                    let choice = CHOICES.contains(&name.as_str());
                    if !choice {
                        self.change(field);
                    }
                }
            }
            Value::Array(list) => {
                if self.unit() > self.calm {
                    let kept = self.roll() as usize % (list.len() + 1);
                    match self.roll() % 3 {
                        0 => list.truncate(kept),
                        1 => list.reverse(),
                        _ => list.extend(list.clone().into_iter().take(40)),
                    }
                }
                list.iter_mut().for_each(|item| self.change(item));
            }
            Value::Number(number) if self.unit() > self.calm => {
                *json = if number.is_u64() {
                    Value::from(match self.roll() % 4 {
                        0 => 0,
                        1 => 1,
                        2 => self.roll() % 100_000,
                        _ => self.roll() >> 1,
                    })
                } else {
                    Value::from(self.number())
                };
            }
            Value::String(text) if self.unit() > self.calm => *text = self.text(),
            _ => {}
        }
    }

    fn number(&mut self) -> f64 {
        let sign = if self.roll().is_multiple_of(4) {
            -1.0
        } else {
            1.0
        };
        match self.roll() % 8 {
            0 => 0.0,
            1 => sign,
            2 => sign * f64::MAX,
            3 => sign * f64::MIN_POSITIVE,
            4 => sign * self.unit(),
            _ => sign * 10_f64.powf((self.unit() - 0.5) * 60.0),
        }
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 16] = [
            "",
            " ",
            "a",
            "<b>",
            "&amp;",
            "&",
            "\"",
            "'",
            "\n",
            "\u{0}",
            "質",
            "Ξ",
            "|",
            "](x)",
            "{{ x }}",
            "averylongwordwithoutanyspaceinit",
        ];
        (0..self.roll() % 12)
            .map(|_| PARTS[self.roll() as usize % PARTS.len()])
            .collect()
    }
}
