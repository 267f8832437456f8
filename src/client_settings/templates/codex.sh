{{keyed}}export ARGO_KEY={{key}}
codex "what does this folder hold?"
