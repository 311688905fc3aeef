//! Quantities as files write them.

use super::super::show;
use super::*;
use proptest::prelude::*;

fn value(text: &str, dimension: Dimension) -> f64 {
    parse(text, dimension)
        .unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
        .value
}

#[test]
fn accepted_forms() {
    use Dimension::*;
    for (text, dimension, expected) in [
        ("14 days", Span, 14.0f64),
        ("12 h", Span, 0.5),
        ("90 min", Span, 0.0625),
        ("100800 blocks", Span, 14.0),
        ("2 weeks", Span, 14.0),
        ("1 year", Span, 365.0),
        ("2.4 MUSD/year", MoneyRate, 2_400_000.0),
        ("2.4 M USD / year", MoneyRate, 2_400_000.0),
        ("2.4 MUSD per year", MoneyRate, 2_400_000.0),
        ("200 kUSD/month", MoneyRate, 2_400_000.0),
        ("10 USD/day", MoneyRate, 3_650.0),
        ("10 %", Share, 0.1),
        ("10%", Share, 0.1),
        ("12.5 percent", Share, 0.125),
        ("5 bips", Share, 0.0005),
        ("1/3", Share, 1.0 / 3.0),
        ("2 / 3", Share, 2.0 / 3.0),
        ("3.5 bn USD", Money, 3.5e9),
        ("3.5 billion USD", Money, 3.5e9),
        ("$150M", Money, 1.5e8),
        ("$2.4", Money, 2.4),
        ("1_000_000 USD", Money, 1e6),
        ("1 000 000 USD", Money, 1e6),
        ("1\u{202f}000\u{2009}000 USD", Money, 1e6),
        ("1'000'000 usd", Money, 1e6),
        ("1e6 USD", Money, 1e6),
        ("0 USD", Money, 0.0),
        ("80 %/year", Rate, 0.8),
        ("24/year", Rate, 24.0),
        ("2 / week", Rate, 2.0 * 365.0 / 7.0),
        ("-4 %", Share, -0.04),
        ("−4 %", Share, -0.04),
        ("80 %/year", Volatility, 0.8),
    ] {
        assert_eq!(
            value(text, dimension).to_bits(),
            expected.to_bits(),
            "{text} = {}",
            value(text, dimension)
        );
    }
    let daily = value("4 %/day", Volatility);
    assert!(
        (daily - 0.04 * 365f64.sqrt()).abs() < 1e-15,
        "volatility grows with the root of time: {daily}"
    );
}

#[test]
fn tokens_keep_their_symbol() {
    for (text, dimension, amount, symbol) in [
        ("320 ETH", Dimension::Money, 320.0f64, "ETH"),
        ("2 mETH", Dimension::Money, 2.0, "mETH"),
        ("2 MEIGEN", Dimension::Money, 2.0, "MEIGEN"),
        ("2 M EIGEN", Dimension::Money, 2e6, "EIGEN"),
        (
            "900000 EIGEN/year",
            Dimension::MoneyRate,
            900_000.0,
            "EIGEN",
        ),
    ] {
        let quantity = parse(text, dimension).unwrap();
        assert_eq!(quantity.value.to_bits(), amount.to_bits(), "{text}");
        let currency = quantity.currency.unwrap();
        assert_eq!(currency.symbol, symbol);
        assert!(text[currency.at].ends_with(symbol));
    }
    let weekly = parse("900000 EIGEN/week", Dimension::MoneyRate).unwrap();
    assert!((weekly.value - 900_000.0 * 365.0 / 7.0).abs() < 1e-6);
}

#[test]
fn refused_forms() {
    use Dimension::*;
    for (text, dimension, kind, at) in [
        ("", Money, FaultKind::Number, ""),
        ("lots", Money, FaultKind::Number, "lots"),
        ("nan USD", Money, FaultKind::Number, "nan USD"),
        ("inf %", Share, FaultKind::Number, "inf %"),
        ("2400000", MoneyRate, FaultKind::MissingUnit, "2400000"),
        ("0.12", Share, FaultKind::MissingUnit, "0.12"),
        ("1,5 MUSD", Money, FaultKind::Number, ","),
        ("14 days", Money, FaultKind::Dimension, "14 days"),
        ("14 days", Share, FaultKind::Dimension, "14 days"),
        ("2 MUSD", MoneyRate, FaultKind::Dimension, "2 MUSD"),
        ("2 MUSD/year", Money, FaultKind::Dimension, "2 MUSD/year"),
        ("80 %", Volatility, FaultKind::Dimension, "80 %"),
        ("80 %", Rate, FaultKind::Dimension, "80 %"),
        ("1/3", Rate, FaultKind::UnknownUnit, "3"),
        ("5 dyas", Span, FaultKind::UnknownUnit, "dyas"),
        ("5 %/yaer", Rate, FaultKind::UnknownUnit, "yaer"),
        ("5 foos", Share, FaultKind::UnknownUnit, "foos"),
        ("1/0", Share, FaultKind::NotFinite, "0"),
        ("1/3 %", Share, FaultKind::UnknownUnit, "%"),
        ("1e999 USD", Money, FaultKind::NotFinite, "1e999 USD"),
        ("$5 ETH", Money, FaultKind::UnknownUnit, "ETH"),
        ("5 USD/", MoneyRate, FaultKind::UnknownUnit, ""),
    ] {
        let fault = parse(text, dimension).expect_err(text);
        assert_eq!(
            (fault.kind, &text[fault.at.clone()]),
            (kind, at),
            "{text}: {fault:?}"
        );
        assert!(!fault.help.is_empty());
    }
    assert!(
        parse("5 dyas", Dimension::Span)
            .unwrap_err()
            .help
            .starts_with("did you mean `days`?")
    );
    assert!(
        parse("5 %/yaer", Dimension::Rate)
            .unwrap_err()
            .help
            .contains("`/year`")
    );
}

#[test]
fn every_example_is_accepted() {
    use Dimension::*;
    for dimension in [Money, MoneyRate, Share, Span, Rate, Volatility] {
        for example in dimension.examples() {
            assert!(parse(example, dimension).is_ok(), "{example}");
        }
    }
}

fn dimensions() -> impl Strategy<Value = Dimension> {
    use Dimension::*;
    prop::sample::select(vec![Money, MoneyRate, Share, Span, Rate, Volatility])
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back_to_the_bit(dimension in dimensions(), bits in any::<u64>()) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let text = show(number, dimension);
        let back = parse(&text, dimension);
        prop_assert!(back.is_ok(), "{} {:?}", text, back);
        prop_assert_eq!(back.unwrap().value.to_bits(), number.to_bits(), "{}", text);
    }

    #[test]
    fn no_text_panics(dimension in dimensions(), text in "\\PC{0,24}") {
        if let Err(fault) = parse(&text, dimension) {
            prop_assert!(text.get(fault.at.clone()).is_some(), "{:?} in {:?}", fault, text);
        }
    }

    #[test]
    fn no_text_that_looks_right_panics(
        dimension in dimensions(),
        text in "[-+$−]?[0-9_ .,']{0,8}[eE]?[0-9]{0,4} ?(%|k|M|bn|MUSD|ETH|days|per|é| )?[/ ]?(year|week|per|3)?"
    ) {
        match parse(&text, dimension) {
            Ok(quantity) => prop_assert!(quantity.value.is_finite()),
            Err(fault) => prop_assert!(text.get(fault.at.clone()).is_some(), "{:?} in {:?}", fault, text),
        }
    }
}
