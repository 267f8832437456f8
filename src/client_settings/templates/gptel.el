(setq gptel-backend
      (gptel-make-openai "ARGO"
        :protocol "{{scheme}}"
        :host "{{host}}"
        :endpoint "{{path}}/chat/completions"
        :stream t
        :key "{{key}}"
        :models (mapcar #'intern
                        '(
{{each}}                          "{{name}}"
                          )))
      gptel-model (intern "{{model}}"))
