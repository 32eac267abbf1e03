{{/* A worker's pod. What logs and metrics call the worker is the pod's name, which stays with its place in the set. */}}
{{- define "rocinante.workerPod" -}}
{{- $root := .root }}
{{- $values := .root.Values.workers }}
metadata:
  labels:
    {{- /* Not the chart's version: a new chart by itself restarts nothing. */}}
    {{- include "rocinante.selector" (dict "root" $root "component" "worker") | nindent 4 }}
  {{- with $values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- include "rocinante.podCommon" $root | nindent 2 }}
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  {{- with $values.gpu.runtimeClassName }}
  runtimeClassName: {{ . }}
  {{- end }}
  containers:
    - name: worker
      image: {{ include "rocinante.image" (dict "root" $root "image" $values.image) }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args:
        - worker
        {{- with $values.args }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      env:
        - name: ROCINANTE_COORDINATOR
          value: {{ include "rocinante.coordinatorHost" $root }}:7070
        - name: ROCINANTE_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: ROCINANTE_POOL
          value: {{ $values.pool | quote }}
        - name: ROCINANTE_HTTP
          value: 0.0.0.0:9464
        {{- if $values.gpu.count }}
        - name: TF_FORCE_GPU_ALLOW_GROWTH
          value: 'true'
        {{- else }}
        # An image with CUDA asks for all cards by itself; this pod was given none.
        - name: NVIDIA_VISIBLE_DEVICES
          value: void
        {{- end }}
        {{- include "rocinante.commonEnv" (dict "root" $root "env" $values.env) | nindent 8 }}
      ports:
        - name: http
          containerPort: 9464
      {{- include "rocinante.probes" $root | nindent 6 }}
      {{- include "rocinante.containerSecurity" $root | nindent 6 }}
      {{- $resources := deepCopy $values.resources }}
      {{- if $values.gpu.count }}
      {{- $cards := dict $values.gpu.resourceName $values.gpu.count }}
      {{- $_ := set $resources "limits" (merge (default (dict) $resources.limits) $cards) }}
      {{- $_ := set $resources "requests" (merge (default (dict) $resources.requests) $cards) }}
      {{- end }}
      resources:
        {{- toYaml $resources | nindent 8 }}
      volumeMounts:
        {{- include "rocinante.commonMounts" $root | nindent 8 }}
  volumes:
    {{- include "rocinante.commonVolumes" $root | nindent 4 }}
    {{- include "rocinante.securityVolume" (dict "root" $root "name" "worker" "certificate" $root.Values.security.workerCertificate "files" (list "worker.token" "tokens")) | nindent 4 }}
  {{- include "rocinante.placement" $values | nindent 2 }}
  topologySpreadConstraints:
    {{- if $values.topologySpreadConstraints }}
    {{- toYaml $values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "rocinante.selector" (dict "root" $root "component" "worker") | nindent 10 }}
    {{- end }}
{{- end -}}
