export ARGO_API_KEY={{key}}
zed
