// jarana-run: runs a bundle, or evaluates a model by the reference evaluator.
#include "Modes.h"

#ifdef JARANA_HAS_REFERENCE
#include "lib/reference/RunReference.h"
#endif

using namespace jarana::tools;

namespace {

void needFiles(const Options &options) {
  for (const char *name : {"inputs", "outputs"})
    if (!options.has(name))
      throw UsageError(std::string("option '--") + name +
                       "=FILE.safetensors' is missing");
}

int run(const Options &options) {
  const std::vector<std::string> generation = {
      "prompt-ids", "generate", "seed",      "temperature",
      "top-p",      "state-in", "state-out", "json"};
  if (options.has("reference")) {
    options.exclude(generation, "--reference");
    options.exclude({"threads", "verify", "device"}, "--reference");
    if (!options.positional().empty())
      throw UsageError(
          "--reference takes the model as its value, and no bundle");
    needFiles(options);
#ifdef JARANA_HAS_REFERENCE
    return jarana::reference::runReference(options.text("reference"),
                                           options.text("inputs"),
                                           options.text("outputs"));
#else
    throw jarana::Error("this build has no reference evaluator");
#endif
  }
  if (options.positional().size() != 1)
    throw UsageError(options.positional().empty()
                         ? "no bundle was given; see --help"
                         : "one bundle at a time; see --help");
  if (options.text("device", "cpu") != "cpu")
    throw UsageError("--device=" + options.text("device") +
                     " is not available in this version; there is: cpu");
  if (options.has("prompt-ids")) {
    options.exclude({"inputs", "outputs", "entry"}, "--prompt-ids");
    return runGenerate(options);
  }
  options.exclude(generation, "a run without --prompt-ids");
  needFiles(options);
  return runSignature(options);
}

} // namespace

int main(int argc, char **argv) {
  Options options(
      "usage: jarana-run OUT.jarana --inputs=in.safetensors "
      "--outputs=out.safetensors\n"
      "       jarana-run --reference MODEL.onnx --inputs=in.safetensors "
      "--outputs=out.safetensors\n"
      "       jarana-run OUT.jarana --prompt-ids=1,2,3 --generate=N\n"
      "\n"
      "Runs a compiled model on named tensors, the same model by the reference "
      "evaluator, or generates tokens.\n"
      "\n"
      "examples:\n"
      "  jarana-run demo.jarana --prompt-ids=291,259 --generate=64 "
      "--temperature=0.8 --top-p=0.95 --seed=1\n"
      "  jarana-run demo.jarana --prompt-ids=291 --generate=0 "
      "--state-out=after.safetensors\n"
      "  jarana-run demo.jarana --prompt-ids=259 --generate=8 "
      "--state-in=after.safetensors --json\n",
      {{"inputs", "FILE",
        "safetensors file with the model's inputs, by their ONNX names"},
       {"outputs", "FILE", "safetensors file to write the outputs to"},
       {"entry", "NAME",
        "which function of the bundle runs on the inputs: main (default), or "
        "step, the graph given by jarana-compile --decode"},
       {"reference", "MODEL.onnx", "evaluate this model without compiling it"},
       {"prompt-ids", "IDS", "token ids separated by commas"},
       {"generate", "N", "number of tokens to generate (default 0)"},
       {"temperature", "T", "0 picks the most probable token (default 0)"},
       {"top-p", "P",
        "sample from the most probable tokens that reach P together (default "
        "1)"},
       {"seed", "N", "the same seed gives the same tokens (default 0)"},
       {"state-in", "FILE", "continue from a saved state"},
       {"state-out", "FILE", "save the state after the last token"},
       {"threads", "N", "default: all processors"},
       {"device", "cpu", "where to run"},
       {"verify", "", "check the weights' checksum before running"},
       {"json", "", "print tokens and times as JSON"}});
  return runTool("jarana-run", options, argc, argv, run);
}
