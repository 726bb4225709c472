//! `strowger fmt`: one layout, whatever the author's blanks were; comments and line breaks stay.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use strowger_dial::print::{format, same_words};
use strowger_dial::token::{Kind, lex};

const EXAMPLES: [&str; 3] = [
    include_str!("examples/reception.dial"),
    include_str!("examples/migrated.dial"),
    include_str!("examples/tested.dial"),
];

#[test]
fn examples_are_laid_out_already() {
    for text in EXAMPLES {
        assert_eq!(format(text).unwrap(), text);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_not_touched() {
    assert_eq!(format("context a {\n"), None);
}

#[test]
fn an_empty_file_stays_empty() {
    assert_eq!(format("").unwrap(), "");
    assert_eq!(format("\n\n").unwrap(), "");
    assert_eq!(format(" // a\n\n\n\n//b").unwrap(), "// a\n\n//b\n");
}

const WILD: &str = r##"import   a / b   as c
import conf "x.conf"   as d
const   x:Str="a"
channel   inherit   *  t :Option( Str )=None   as "T"


enum E{A,B( n:Int , s:Str )}
enum F
{
A,
    // the second
B
}
/// What it does.
fn f( a:Int,b:Int )->Int
{
if a<b and not(a==b) {a*-b} else {a - -b}
}
context   office   as "default"
{

on 61,62 from  `0033!`{dial(  pjsip( "a" ) ,ring:20s )}
   on start
   {
      let y=[1,2 , 3] // a list
      let z=y [ 0 ]+y[ 1 .. 2 ]+y[ ..2]
      match f( 1,2 )
      {
          1|2->answer()
          A( n ,_ ) if n>0   ->{
 hangup() }
   -1 -> { // nothing
   }
          _->{

          }
      }
      // before the end
   }
   on 63 { if a { answer() }
else if b { hangup() }
// why
else { log("x") } }
   on 64 { if the_name_of_this_is_long { dial(pjsip("phone"), ring: 20s, transfer: Both) } else { hangup(NormalClearing) } }

   on 65 {
   let said = chosen
   |> upper( )
     // and then
        |> keep( "A-Z" )
   dial(
   [a,
   b],
   ring:
   20s,
   music: "default"
   )
   log(first(
   1
   ))
   if a
   and b {
   answer()
   }
   let v =
   match x {
   A -> 1
   }
   goto @ here
   goto d [ "x" ] . ( n )
   channel ( "X" ) = message . from
   }

hint 61=pjsip("a")
}
test   "t"   at "2026"   {
given now=time("x")
call 61 from "1"in office{press("#")}
expect not a
}
"##;

#[test]
fn wild() {
    let text = WILD;
    let out = format(text).unwrap_or_else(|| panic!("{:?}", strowger_dial::parse(text).errors));
    insta::assert_snapshot!(out);
    assert!(same_words(text, &out));
    assert_eq!(format(&out).unwrap(), out);
}

/// The text with other blanks and line ends between its tokens, where the language leaves them to the author.
fn shaken(text: &str, random: &[u8]) -> String {
    let mut out = String::new();
    let mut dice = random.iter().cycle();
    let mut depth = 0i32;
    for token in lex(text) {
        let slice = &text[token.at.start as usize..token.at.end as usize];
        let die = dice.next().copied().unwrap_or(0);
        match token.kind {
            Kind::Blank => out.push_str([" ", "  ", "\t", "   "][usize::from(die % 4)]),
            Kind::LineEnd => out.push_str(["\n", " \n", "\r\n", "\n\n\n"][usize::from(die % 4)]),
            kind => {
                if matches!(kind, Kind::ParenClose | Kind::SquareClose) {
                    depth -= 1;
                }
                out.push_str(slice);
                if matches!(kind, Kind::ParenOpen | Kind::SquareOpen) {
                    depth += 1;
                }
                let freely = depth > 0
                    || matches!(kind, Kind::BraceOpen | Kind::Comma | Kind::Arrow | Kind::Eq);
                let before_word = matches!(kind, Kind::Comment | Kind::Doc | Kind::ModuleDoc);
                if freely && !before_word && die % 8 == 7 {
                    out.push('\n');
                }
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_the_blanks_are(which in 0..3usize, random in prop::collection::vec(any::<u8>(), 1..97)) {
        let text = shaken(EXAMPLES[which], &random);
        let Some(out) = format(&text) else {
            panic!("{:?}\n{text}", strowger_dial::parse(&text).errors);
        };
        prop_assert!(same_words(&text, &out), "{text}\n----\n{out}");
        let again = format(&out);
        prop_assert_eq!(again.as_ref(), Some(&out), "{}", text);
        // Nothing is indented by tabs or ends in blanks.
        for line in out.lines() {
            prop_assert!(!line.ends_with([' ', '\t']) && !line.starts_with('\t'), "{line:?}");
        }
        prop_assert!(!out.contains("\n\n\n"));
    }
}
