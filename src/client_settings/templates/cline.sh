cline auth --provider openai-compatible --baseurl {{base}} --apikey {{key}} --modelid {{model}}
cline "what does this folder hold?"
