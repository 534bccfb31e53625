import { describe, expect, test } from 'vitest';
import { Normaliser } from '../../../src/engines/text/normaliser.ts';
import { LETTER_A } from '../../../src/engines/text/rules.ts';
import { TracedText } from '../../../src/engines/text/traced.ts';
import { wordings } from './small-lists.ts';

const normaliser = new Normaliser(wordings);

function say(written: string): string {
  const text = new TracedText(written);
  normaliser.rewrite(text);
  return text.text.replaceAll(LETTER_A, 'A').trim();
}

const readings: Record<string, Record<string, string>> = {
  'addresses are read with their dots, and without their scheme': {
    'Mail maria.lopez@example.com.': 'Mail maria dot lopez at example dot com.',
    'j_doe+x@foo-bar.co.uk': 'J underscore doe plus X at foo dash bar dot co dot U K',
    'See www.openvoice.org, please': 'See W W W dot openvoice dot org, please',
    'https://example.com/a/b?c=d#e': 'example dot com slash A slash B question mark C equals D hash E',
    'Go to https://example.com/.': 'Go to example dot com.',
    'parley.io is up': 'parley dot I O is up',
    'Open report.pdf and README.md.': 'Open report dot P D F and README dot M D.',
    'Node.js': 'Node dot J S',
    'e.g. this': 'for example this',
    '192.168.1.1': 'one nine two dot one six eight dot one dot one',
    '10.0.0.1:8080': 'one zero dot zero dot zero dot one colon eight zero eight zero',
    'fe80::1': 'F E eight zero colon colon one',
  },
  'telephone numbers are read digit by digit, in their groups': {
    '555-0142': 'five five five, zero one four two',
    '415-555-0199': 'four one five, five five five, zero one nine nine',
    '(415) 555-0199 x23': 'four one five, five five five, zero one nine nine, extension two three',
    '1-800-555-0199': 'one, eight hundred, five five five, zero one nine nine',
    '415.555.0199': 'four one five, five five five, zero one nine nine',
    '+44 20 7946 0958': 'plus four four, two zero, seven nine four six, zero nine five eight',
    '+1 (415) 555-0199.': 'plus one, four one five, five five five, zero one nine nine.',
  },
  'numbers of orders and codes are read so that they can be written down': {
    'order no. 33561.': 'order number three three five six one.',
    'Order #58213': 'Order number five eight two one three',
    'order number 4471-9920': 'order number four four seven one, nine nine two zero',
    'ORD-58213': 'O R D, five eight two one three',
    'confirmation code XK4Q9Z': 'confirmation code X K four Q nine Z',
    'zip code 90210': 'zip code nine zero two one zero',
    'Card 4111 1111 2222 3333 expires': 'Card four one one one, one one one one, two two two two, three three three three expires',
    'Call 911, then dial 112.': 'Call nine one one, then dial one one two.',
    'your code is 482913': 'your code is four eight two nine one three',
    // What is not one.
    'I order 3 pizzas, gate B17, MP3, COVID-19': 'I order 3 pizzas, gate B17, MP3, COVID-19',
    'your PIN is 8305': 'your PIN is 8305',
  },
  'times are read as people say them': {
    '3:30 PM': 'three thirty P.M',
    '9:05 a.m. today': 'nine oh five A.M. today',
    '18:00': 'eighteen hundred',
    '18:05': 'eighteen oh five',
    '7:00': "seven o'clock",
    '00:00': 'midnight',
    '00:30': 'zero thirty',
    '1:02:03': 'one oh two and three seconds',
    '9am-5pm': '9 A.M to 5 P.M',
    '9:00-17:30': "nine o'clock to seventeen thirty",
    'Mon-Fri': 'Monday to Friday',
    '16:9': '16 to 9',
    '25:10': '25 to 10',
  },
  'dates are read as days': {
    '2019-10-12': 'October twelfth, 2019',
    '10/12/2019': 'October twelfth, 2019',
    '25/12/1990': 'December twenty-fifth, 1990',
    '2024-11-28T18:30:05Z': 'November twenty-eighth, 2024, eighteen thirty and five seconds UTC',
    'Jan. 5th, 2019': 'January fifth, 2019',
    'March 14': 'March fourteenth',
    'on 25 December': 'on the twenty-fifth of December',
    'May 5:30': 'May five thirty',
    '13/13/2013': '13/13/2013',
  },
  'money, degrees and units get their names': {
    '$3.2 billion': '3.2 billion dollars',
    $5k: '5 thousand dollars',
    '-$3': 'minus $3',
    US$5: '$5',
    '5€': '€5',
    '20 EUR': '20 euros',
    '¥500': '500 yen',
    '1¢ and 99¢': '1 cent and 99 cents',
    '-12°C': 'minus 12 degrees Celsius',
    '1 °F': '1 degree Fahrenheit',
    '5km, 1 km, 60 km/h': '5 kilometers, 1 kilometer, 60 kilometers per hour',
    '893 m and 250 g': '893 meters and 250 grams',
    '5 MB/s': '5 megabytes per second',
    '20 m²': '20 square meters',
    '5\'11"': '5 foot 11',
    'the 1990s': 'the 1990s',
  },
  'fractions, ranges and ratios are told apart': {
    '1/2 and 3/4': 'one half and three quarters',
    '7/8': 'seven eighths',
    '2 1/2 cups': '2 and one half cups',
    '3½': '3 and one half',
    '9/2': 'September second',
    '24/7': '24 7',
    '10-15%': '10 to 15%',
    '1990–1995': '1990 to 1995',
    'won 3-2': 'won 3 to 2',
    '5 - 3': '5 minus 3',
    '747-400': '747-400',
    '1,2,3': '1, 2, 3',
    '1,234,567': '1,234,567',
  },
  'abbreviations are words where they can be nothing else': {
    'Dr. Who': 'Doctor Who',
    'St. Paul': 'Saint Paul',
    'on Main St. The shop': 'on Main Street. The shop',
    'Gen Z': 'Gen Z',
    'in Rm. 204': 'in Room 204',
    'no. 5': 'number 5',
    'I said no.': 'I said no.',
    'the Sun.': 'the Sun.',
    'Fifth Ave.': 'Fifth Avenue.',
    'No. 5': 'Number 5',
    '#1': 'number 1',
    'Chapter IV': 'Chapter 4',
    'Henry VIII': 'Henry the eighth',
    'Title IX': 'Title 9',
    'Start IV fluids': 'Start IV fluids',
  },
  'marks of Markdown are not read': {
    '# Heading': 'Heading',
    '- item': 'item',
    '**bold** and `code` and _this_': 'bold and code and this',
    '[here](https://example.com)': 'here',
    'one\n- two': 'one. two',
    'wow :) <3': 'wow',
    'z >= 10': 'z greater than or equal to 10',
    'C# and 5 = x': 'C sharp and 5 equals x',
  },
};

describe.each(Object.entries(readings))('%s', (_, pairs) => {
  test.each(Object.entries(pairs))('%s → %s', (written, said) => {
    expect(say(written)).toBe(said);
  });
});

test('what is not English vanishes, and it is said what that was', () => {
  const text = new TracedText('Привет hello 你好 😀👍🏽!');
  expect(normaliser.rewrite(text).skipped).toEqual(['emoji', 'letters of another script']);
  expect(text.text.trim()).toBe('hello!');
  expect(normaliser.rewrite(new TracedText('Zoë © Müller')).skipped).toEqual([]);
});

test('every part of what is said knows the words it stands for', () => {
  const text = new TracedText('At 3:30 PM he paid $3.2 billion to +1 415 555 0199.');
  normaliser.rewrite(text);
  const of = (said: string) => {
    const from = text.text.indexOf(said);
    const { first, last } = text.origin(from, from + said.length);
    return text.words.slice(first, last + 1).map((word) => word.text);
  };
  expect([...of('three'), ...of('thirty')]).toEqual(['3:30', '3:30']);
  expect(of('P.M')).toEqual(['PM']);
  expect(of('he')).toEqual(['he']);
  expect(of('3.2')).toEqual(['$3.2']);
  expect(of('dollars')).toEqual(['billion']);
  expect(of('zero')).toEqual(['+1', '415', '555', '0199.']);
});
