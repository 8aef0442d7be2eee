/** Memorable names for runs: adjective-noun, a pure function of the run's number. */

const adjectives =
  'amber ample brisk bright broad calm candid clear cobalt copper crisp deft early even fair fleet fresh gentle glad golden grand hazel humble ivory keen kind lively lucid lunar mellow mild neat noble olive patient plain proud quick quiet rapid ripe rosy rustic silver sleek smooth solid steady subtle sunny swift tidy vivid warm wise witty young zesty'.split(
    ' ',
  );
const nouns =
  'acorn anchor aspen badger basil beacon birch bison brook canyon cedar cliff clover comet coral crane creek delta dune falcon fern finch fjord garnet glacier grove harbor heron iris island juniper kestrel lagoon lark linden lotus lynx maple marten meadow mesa moth nebula oak orchid osprey otter pebble pine plover poppy prairie quartz raven reef ridge robin sage sparrow spruce thistle tundra walnut willow wren'.split(
    ' ',
  );

/** Name of run number n (from 0). Distinct for the first adjectives x nouns runs: the stride shares no factor with their count. */
export function runName(n: number): string {
  const total = adjectives.length * nouns.length;
  let stride = 2741;
  while (gcd(stride, total) !== 1) stride++;
  const index = (n * stride + 1873) % total;
  return `${adjectives[index % adjectives.length]}-${nouns[Math.floor(index / adjectives.length)]}`;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
